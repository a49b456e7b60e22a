import { crc32 } from 'node:zlib';
import { CreateFunctionCommand, DeleteFunctionCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Caller } from './signed-call.ts';

const NAME = 'gatehouse-deploy-probe';
/** Where a function of ours would go, with the environment that it would have. */
const SOURCE = `exports.handler = async () => {
  const answer = { node: process.version, endpoint: process.env.AWS_ENDPOINT_URL };
  try { await fetch(answer.endpoint); return answer; }
  catch (error) { return { ...answer, failure: String(error.cause ?? error) }; }
};`;

/**
 * Asks a function in the emulator whether it reaches the emulator. One that does not, for want of its certificate, cannot
 * even say so to CloudFormation, which then waits an hour for the answer of a custom resource.
 *
 * @throws Error with what the function met, and what to do
 */
export async function checkFunctions({ endpoint, region, ...credentials }: Caller): Promise<void> {
  const lambda = new LambdaClient({ endpoint, region, credentials });
  const FunctionName = NAME;
  try {
    await lambda.send(
      new CreateFunctionCommand({
        FunctionName,
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Role: 'arn:aws:iam::000000000000:role/gatehouse-deploy-probe',
        Timeout: 20,
        Code: { ZipFile: zipped('index.js', Buffer.from(SOURCE)) },
      }),
    );
    const { Payload } = await lambda.send(new InvokeCommand({ FunctionName }));
    judge(JSON.parse(Buffer.from(Payload ?? []).toString('utf8')));
  } finally {
    await lambda.send(new DeleteFunctionCommand({ FunctionName })).catch(() => undefined);
    lambda.destroy();
  }
}

type Found = { readonly node?: string; readonly endpoint?: string; readonly failure?: string };

function judge({ node, endpoint, failure }: Found): void {
  if (failure !== undefined) {
    throw new Error(
      `A function in the emulator cannot reach it at ${endpoint}: ${failure}. ` +
        'Start the emulator with NODE_EXTRA_CA_CERTS naming its own certificate, which its functions inherit.',
    );
  }
  const major = Number(/^v(\d+)/.exec(node ?? '')?.[1]);
  if (!(major >= 24)) {
    throw new Error(
      `A function in the emulator runs on Node ${node}, and ours are for nodejs24.x. Start the emulator with Node 24 first on its PATH.`,
    );
  }
}

/** A ZIP archive of one file, not compressed (APPNOTE.TXT 6.3, sections 4.3.7, 4.3.12 and 4.3.16). */
function zipped(name: string, data: Buffer): Buffer {
  const path = Buffer.from(name);
  // Of both headers: version, flags, method, time, date (1980-01-01), checksum, sizes, length of the name, no extra field.
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt16LE(0x21, 8);
  common.writeUInt32LE(crc32(data), 10);
  common.writeUInt32LE(data.length, 14);
  common.writeUInt32LE(data.length, 18);
  common.writeUInt16LE(path.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, path, data]);
  const central = Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), common, Buffer.alloc(14), path]);
  // A regular file that everybody may read: the upper half of the external attributes.
  central.writeUInt32LE(0o100644 * 0x10000, 38);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}
