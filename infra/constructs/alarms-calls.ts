import { Construct } from 'constructs';
import type { Settings } from '../settings.ts';
import { counted } from './alarms-metrics.ts';
import { type Alerts, PERIOD } from './alarms-raise.ts';

/** Properties of {@link CallAlarms}. */
export type CallAlarmsProps = { readonly alerts: Alerts; readonly settings: Settings };

/** What people and their clients do that they should not. */
export class CallAlarms extends Construct {
  constructor(scope: Construct, id: string, { alerts, settings }: CallAlarmsProps) {
    super(scope, id);
    const { stage } = settings;
    const { deniedCalls, refusedTokens } = settings.alarms;
    alerts.raise(this, {
      name: 'refresh-reuse',
      heading: 'A used code or refresh token came back',
      means: 'A code or refresh token that was used before came back, and its grant was revoked',
      metric: counted(stage, 'RefreshReuse', { period: PERIOD }),
      // Each is worth a look: it is how a stolen token shows.
      threshold: 1,
    });
    alerts.raise(this, {
      name: 'denied-calls',
      heading: 'Many calls are denied',
      means: `${deniedCalls} or more calls in five minutes were for something that their token does not allow`,
      metric: counted(stage, 'ToolCallDenied', { period: PERIOD }),
      threshold: deniedCalls,
    });
    // Apart from the calls: a client comes without a good token when it connects and whenever one has ended, so these are
    // ordinary in numbers that would drown the others.
    alerts.raise(this, {
      name: 'refused-tokens',
      heading: 'Many tokens are refused',
      means: `${refusedTokens} or more requests in five minutes came to /mcp without a good access token`,
      metric: counted(stage, 'BearerRefused', { period: PERIOD }),
      threshold: refusedTokens,
    });
  }
}
