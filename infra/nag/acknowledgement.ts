/** A finding that stays, where it stays, and why. */
export type Acknowledgement = {
  /**
   * Ids of the rules, each as its pack reports it, with the finding in brackets where a rule has several. `<stage>` stands
   * for the setting.
   */
  readonly rules: readonly string[];
  /** Construct paths of the resources, the stack's name reduced to its part of the app: `data/Audit/Checkpoints/Resource`. */
  readonly at: readonly string[];
  /**
   * Counts on disposable stages only: elsewhere the finding fails.
   *
   * @default - on every stage
   */
  readonly disposableOnly?: boolean;
  /** What a security reviewer has to be told: at most three sentences. */
  readonly reason: string;
};

/** The functions, by the construct that each is. */
export const FUNCTIONS = [
  'AtDeploy/Migrate',
  'AuthorizationServer/WellKnown',
  'AuthorizationServer/Register',
  'AuthorizationServer/Authorize',
  'AuthorizationServer/Token',
  'Tools/Mcp',
  'Tools/McpWrite',
  'Sealing/Seal',
].map((path) => `service/${path}`);

/** Something of every function. */
export function ofFunctions(part: string, functions: readonly string[] = FUNCTIONS): readonly string[] {
  return functions.map((path) => `${path}/${part}`);
}
