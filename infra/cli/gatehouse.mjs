#!/usr/bin/env node
// The one file that must run on any Node: it only checks that the rest can.
const [major] = process.versions.node.split('.').map(Number);
if (major < 24) {
  process.stderr.write(
    `This is Node ${process.versions.node}; Gatehouse needs 24. Run npm ci without --ignore-scripts (it brings its own Node), or install Node 24.\n`,
  );
  process.exit(1);
}
const { main } = await import('./main.ts');
await main(process.argv.slice(2));
