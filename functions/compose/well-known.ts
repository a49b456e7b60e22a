import { configOf } from '../config.ts';
import { createWellKnown } from '../well-known/serve.ts';
import { originLock } from './origin-lock.ts';
import { resourceOf } from './resource.ts';

/** The well-known documents. Loads no SDK, no middy and no logger. */
export function composeWellKnown(): ReturnType<typeof createWellKnown> {
  const config = configOf('wellKnown');
  const published = {
    issuer: config.ISSUER,
    resource: resourceOf(config),
    catalogue: Object.keys(config.SCOPES),
    defaultScope: config.DEFAULT_SCOPES,
    registration: config.REGISTRATION_MODE,
    documents: config.CLIENT_DOCUMENTS,
    keys: config.TOKEN_KEYS.keys,
  };
  return createWellKnown(published, originLock());
}
