import { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import { ApiAlarms } from './alarms-api.ts';
import { CallAlarms } from './alarms-calls.ts';
import { DataAlarms } from './alarms-data.ts';
import { FunctionAlarms, type Functions } from './alarms-functions.ts';
import type { Alerts } from './alarms-raise.ts';
import type { Database } from './database.ts';
import type { ItemTable } from './item-table.ts';
import type { SealAlarms } from './seal.ts';
import type { ServiceFunction } from './service-function.ts';

/** What is watched: by the alarms, and on the dashboard. */
export type Watched = {
  readonly settings: Settings;
  readonly apiId: string;
  readonly functions: Functions;
  /** The one that signs access tokens. */
  readonly signing: ServiceFunction;
  readonly tables: Readonly<Record<string, ItemTable>>;
  /** The cluster that is made here; absent where it is somebody else's, or there is none. */
  readonly cluster: Database | undefined;
};

/** Properties of {@link Alarms}. */
export type AlarmsProps = Watched & {
  readonly alerts: Alerts;
  /** The alarms that the seal makes itself: it knows how often it runs, and that its silence is the failure. */
  readonly sealing: SealAlarms;
};

/** Everything that wakes somebody, but for gaps of the audit log, which have a construct of their own. */
export class Alarms extends Construct {
  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const { alerts, settings, apiId, functions, signing, tables, cluster, sealing } = props;
    const { stage } = settings;
    // What is ordinary grows with how many people there are, which one setting says.
    new ApiAlarms(this, 'Api', { alerts, apiId, refusals: 3 * settings.alarms.refusedTokens });
    new FunctionAlarms(this, 'Functions', { alerts, stage, functions, signing });
    new CallAlarms(this, 'Calls', { alerts, settings });
    new DataAlarms(this, 'Data', { alerts, tables, cluster });
    alerts.adopt(sealing.unsealed, { name: 'unsealed', heading: 'The audit log is not sealed' });
    alerts.adopt(sealing.broken, { name: 'chain-broken', heading: 'A chain of the audit log is broken' });
  }
}
