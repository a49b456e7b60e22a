import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { CHECKOUT } from '../cli/checkout.ts';
import { settingsFrom } from '../settings.ts';
import { addGatehouse } from '../stacks/gatehouse.ts';
import { type Resources, resourcesOf } from './resources.ts';

/** As it would be for a team: cdk.json, on a stage that keeps its data. */
export const PRODUCTION = { 'gatehouse.stage': 'prod', 'gatehouse.sampleData': false };

const NOBODY = '111122223333';
/** The same behind CloudFront with a web ACL. */
export const BEHIND_EDGE = {
  ...PRODUCTION,
  'gatehouse.domain': {
    name: 'mcp.example.com',
    certificateArn: `arn:aws:acm:us-east-1:${NOBODY}:certificate/12345678-1234-1234-1234-123456789012`,
  },
  'gatehouse.edge': {
    kind: 'cloudfront',
    webAclArn: `arn:aws:wafv2:us-east-1:${NOBODY}:global/webacl/WebAcl/12345678-1234-1234-1234-123456789012`,
  },
};

/** What the synthesized templates hold. The functions are empty: their code costs nothing. */
export function resourcesWith(replaced: Readonly<Record<string, unknown>>): Resources {
  const { context } = JSON.parse(readFileSync(join(CHECKOUT, 'cdk.json'), 'utf8')) as {
    readonly context: Readonly<Record<string, unknown>>;
  };
  const outdir = mkdtempSync(join(tmpdir(), 'gatehouse-cost-'));
  const app = new App({ context, analyticsReporting: false, outdir });
  addGatehouse(app, {
    settings: settingsFrom({ ...context, ...replaced }),
    code: () => Code.fromInline('exports.handler = async () => undefined;'),
    migrations: 'none',
    version: '0.0.0',
  });
  try {
    return resourcesOf(app.synth().stacks.map(({ template }) => template));
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}
