import { type App, Tags } from 'aws-cdk-lib';
import type { Surroundings } from '../constructs/service-function.ts';
import { DataStack } from './data.ts';
import { EdgeStack } from './edge.ts';
import { PipelineStack } from './pipeline.ts';
import { ServiceStack } from './service.ts';

/** What the stacks are made from. */
export type GatehouseProps = Surroundings & {
  /** Hash of the migration files. */
  readonly migrations: string;
  /** The version of this checkout, as a tag on every resource. */
  readonly version: string;
};

/** Adds the stacks of a stage to the app: two, and a third where a web ACL is wanted. */
export function addGatehouse(app: App, { settings, code, migrations, version }: GatehouseProps) {
  const name = `gatehouse-${settings.stage}`;
  const data = new DataStack(app, `${name}-data`, {
    settings,
    description: 'Gatehouse: registrations, grants, audit log, keys, people and the database',
  });
  const service = new ServiceStack(app, `${name}-service`, {
    settings,
    code,
    data,
    migrations,
    description: 'Gatehouse: the API and its functions',
  });
  const { domain, pipeline } = settings;
  const edge =
    settings.edge.kind === 'none' || domain === undefined
      ? undefined
      : new EdgeStack(app, `${name}-edge`, {
          settings,
          domain,
          description: 'Gatehouse: the web ACL in front of CloudFront',
        });
  if (pipeline !== undefined) {
    new PipelineStack(app, 'gatehouse-pipeline', {
      settings,
      pipeline,
      description: 'Gatehouse: the roles of the workflows on GitHub',
    });
  }
  const tags = { project: 'gatehouse', stage: settings.stage, version };
  for (const [key, value] of Object.entries(tags)) Tags.of(app).add(key, value);
  return { data, service, edge };
}
