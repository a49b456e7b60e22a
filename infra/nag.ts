import { type App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, NIST80053R5Checks, ServerlessChecks } from 'cdk-nag';
import type { Acknowledgement } from './nag/acknowledgement.ts';
import { DATA_ACKNOWLEDGEMENTS } from './nag/data.ts';
import { FRONT_ACKNOWLEDGEMENTS } from './nag/front.ts';
import { FUNCTION_ACKNOWLEDGEMENTS } from './nag/functions.ts';
import { PIPELINE_ACKNOWLEDGEMENTS } from './nag/pipeline.ts';
import { isDisposable, type Settings } from './settings.ts';

/**
 * The rule packs of cdk-nag, and every finding that stays, with its reason.
 *
 * They are asked by the tests, over settings of every kind, and by `cdk synth -c nag=true`; not by every synthesis. They
 * cost a second, which `npm start` would pay; and what a pack says may change with its version, which has to stop a
 * change in review and never the deployment that switches something off in a hurry.
 *
 * What they do not look at: DynamoDB tables (they know AWS::DynamoDB::Table, not GlobalTable), keys that cannot rotate by
 * themselves, and what a policy's conditions narrow. test/infra looks there.
 */
const PACKS = [AwsSolutionsChecks, NIST80053R5Checks, ServerlessChecks];

export const ACKNOWLEDGEMENTS: readonly Acknowledgement[] = [
  ...FUNCTION_ACKNOWLEDGEMENTS,
  ...DATA_ACKNOWLEDGEMENTS,
  ...FRONT_ACKNOWLEDGEMENTS,
  ...PIPELINE_ACKNOWLEDGEMENTS,
];

/** Has the packs look at the app when it is synthesized: a finding that nobody acknowledged then fails the synthesis. */
export function attachPacks(app: App, settings: Settings): void {
  Validations.of(app).addPlugins(...PACKS.map((Pack) => new Pack(app)));
  acknowledge(app, settings);
}

/**
 * Everything the packs find that is not acknowledged in the app: `data/People/UserPool/Resource AwsSolutions-COG1`. To be
 * asked after the synthesis, which is when what one stack has of another gets the name that the packs report.
 */
export function findings(app: App, settings: Settings): readonly string[] {
  return PACKS.flatMap((Pack) => new Pack(app).validateScope(app).violations).flatMap(
    ({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath = '' }) => `${withoutStage(constructPath, settings)} ${ruleName}`),
  );
}

/** The findings that are acknowledged for such settings, in the same form; some settings make fewer resources. */
export function acknowledged(settings: Settings): readonly string[] {
  return applying(settings).flatMap(({ at, rules }) => at.flatMap((path) => rules.map((rule) => `${path} ${rule}`)));
}

/** Marks the resources themselves, and no scope around one. What such settings do not make is left out. */
function acknowledge(app: App, settings: Settings): void {
  const constructs = new Map(app.node.findAll().map((each) => [withoutStage(each.node.path, settings), each]));
  for (const { at, rules, reason } of applying(settings)) {
    for (const resource of at.map((path) => constructs.get(path))) {
      if (resource) Validations.of(resource).acknowledge(...rules.map((id) => ({ id, reason })));
    }
  }
}

function applying(settings: Settings): readonly Acknowledgement[] {
  return ACKNOWLEDGEMENTS.filter(({ disposableOnly = false }) => !disposableOnly || isDisposable(settings)).map(
    ({ rules, ...rest }) => ({ ...rest, rules: rules.map((rule) => rule.replace('<stage>', settings.stage)) }),
  );
}

/** `gatehouse-prod-data/People` is `data/People` on every stage. */
function withoutStage(path: string, { stage }: Settings): string {
  return path.replace(new RegExp(`^gatehouse-(?:${stage}-)?`), '');
}
