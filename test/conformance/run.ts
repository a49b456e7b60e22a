import { startFixture } from './fixture.ts';
import { REVISIONS, score } from './suite.ts';

/** `npm run conformance`: both scores, and exit code 1 on any difference from what is expected. */
const fixture = await startFixture();
const scores = await Promise.all(REVISIONS.map((revision) => score(fixture.url, revision)));
await fixture.close();
for (const { revision, passed, failed, differences, said } of scores) {
  if (differences.length > 0) process.stdout.write(said);
  process.stdout.write(`\n${revision.name}   ${passed.length}/${revision.required}\n`);
  for (const scenario of failed) process.stdout.write(`             fails: ${scenario}\n`);
  for (const difference of differences) process.stdout.write(`  DIFFERENT  ${difference}\n`);
}
process.exitCode = scores.some(({ differences }) => differences.length > 0) ? 1 : 0;
