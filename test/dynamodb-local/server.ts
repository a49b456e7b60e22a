import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { start } from '../deploy/commands.ts';
import { fetched, Lacking, versionOf } from '../deploy/lacking.ts';
import { freeTriple } from '../support/free-ports.ts';

/** Amazon's DynamoDB Local, fetched by Maven into build/ and started for one run. */
const POM = resolve('test/dynamodb-local/pom.xml');
const DIRECTORY = resolve('build/dynamodb-local');
const LIBRARIES = join(DIRECTORY, 'lib');
const MAIN = 'software.amazon.dynamodb.services.local.main.ServerRunner';
const READY_MS = 60_000;

/** Which version pom.xml pins. */
export const VERSION = /<artifactId>DynamoDBLocal<\/artifactId>\s*<version>([^<]+)/.exec(
  readFileSync(POM, 'utf8'),
)?.[1];

/** @throws Lacking by the name of what is not there */
export async function checkJava(): Promise<void> {
  if (process.arch !== 'x64') throw new Lacking(`its SQLite library is for x64, and this machine is ${process.arch}`);
  const said = await versionOf('java', ['-version'], 'Java 17 or newer');
  const major = Number(/version "(\d+)/.exec(said)?.[1]);
  if (!(major >= 17)) throw new Lacking(`java is ${said.split('\n')[0]}; Java 17 or newer is needed`);
}

/** Fetches what pom.xml pins, unless it is there. Resolves to whether it had to. @throws Lacking */
export async function install(): Promise<boolean> {
  const mark = join(DIRECTORY, 'pom.xml');
  const wanted = readFileSync(POM, 'utf8');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return false;
  await versionOf('mvn', ['-version'], 'Maven, to fetch it,');
  rmSync(DIRECTORY, { recursive: true, force: true });
  mkdirSync(DIRECTORY, { recursive: true });
  // By its whole name: whether the repository is reached, and whether it has the plugin, are two failures then.
  const copy = [
    'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies',
    `-DoutputDirectory=${LIBRARIES}`,
  ];
  await fetched('the Maven repository', 'mvn', ['--batch-mode', '--quiet', '--file', POM, ...copy]);
  writeFileSync(mark, wanted);
  return true;
}

/**
 * Starts it, in memory, and waits until it answers. It has no option for the address it listens on: it is every address of
 * this machine, for as long as the tests run.
 *
 * @throws Error with what it said
 */
export async function startServer(): Promise<string> {
  const port = await freeTriple();
  const said: string[] = [];
  const child = start(
    'java',
    [
      // SQLite's library comes with the dependencies; where it looks for it is a property of its own.
      `-Djava.library.path=${LIBRARIES}`,
      `-Dsqlite4java.library.path=${LIBRARIES}`,
      '-classpath',
      [join(LIBRARIES, '*')].join(delimiter),
      MAIN,
      '-inMemory',
      '-sharedDb',
      '-disableTelemetry',
      '-port',
      String(port),
    ],
    {},
    (line) => said.push(line),
  );
  const url = `http://127.0.0.1:${port}`;
  for (let waited = 0; !(await answers(url)); waited += 100) {
    if (child.exitCode !== null || waited > READY_MS)
      throw new Error(`DynamoDB Local did not start:\n${said.join('\n')}`);
    await sleep(100);
  }
  return url;
}

async function answers(url: string): Promise<boolean> {
  try {
    await fetch(url);
    return true;
  } catch {
    return false;
  }
}
