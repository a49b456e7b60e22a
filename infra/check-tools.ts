import { Problem } from './problem.ts';

/**
 * Checks the tools against the settings before anything is deployed: a scope nobody declared, two tools of one name.
 * They are loaded here and not at the start, so that a file that does not even parse is told by the bundler, with its line.
 *
 * @param scopes the scopes that cdk.json declares
 * @throws Problem with a sentence for each mistake, the file first
 */
export async function checkTools(scopes: Iterable<string>): Promise<void> {
  const [{ createRegistry }, { tools }] = await Promise.all([
    import('../functions/core/tools/registry.ts'),
    import('../functions/tools/index.ts'),
  ]);
  try {
    createRegistry(tools, scopes);
  } catch (error) {
    throw new Problem(error instanceof Error ? error.message : String(error));
  }
}
