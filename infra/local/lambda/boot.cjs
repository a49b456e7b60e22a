'use strict';
/**
 * What runs first in every worker thread: Lambda's Node.js runtime in small. It loads the deployed bundle from its task
 * root, then serves the invocations it is handed, one at a time, and answers each with JSON text, as the real runtime
 * does. Plain CommonJS, because a worker that strips types first starts later.
 *
 * @typedef {{ errorType: string, errorMessage: string, trace: string[] }} FunctionError
 */
const { realpathSync } = require('node:fs');
const { findPackageJSON, registerHooks } = require('node:module');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { isNativeError } = require('node:util/types');
const { parentPort, workerData } = require('node:worker_threads');

const taskRoot = realpathSync(workerData.taskRoot);
const inside = pathToFileURL(join(taskRoot, '/')).href;

/**
 * The bundle sees what it will see at /var/task: its own files and Node's modules. A package of this checkout would be
 * missing after a deploy, so it is missing here; and the checkout's `"type": "module"` says nothing about the bundle.
 */
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    if (!found.url.startsWith('file:')) return found;
    if (!found.url.startsWith(inside)) {
      throw Object.assign(new Error(`Cannot find module '${specifier}' in the deployed bundle`), {
        code: 'MODULE_NOT_FOUND',
      });
    }
    return found;
  },
  load(url, context, next) {
    return next(url, isCommonJs(url) ? { ...context, format: 'commonjs' } : context);
  },
});

/** A `.js` file is CommonJS unless a package.json of the bundle itself says otherwise. */
function isCommonJs(url) {
  if (!url.startsWith(inside) || !url.endsWith('.js')) return false;
  const manifest = findPackageJSON(url);
  return manifest === undefined || !pathToFileURL(manifest).href.startsWith(inside);
}

/** @returns {FunctionError} */
function describe(thrown) {
  if (!isNativeError(thrown)) return { errorType: typeof thrown, errorMessage: String(thrown), trace: [] };
  return {
    errorType: thrown.name,
    errorMessage: thrown.message,
    trace: (thrown.stack ?? `${thrown.name}: ${thrown.message}`).split('\n'),
  };
}

function runtimeError(errorType, errorMessage) {
  return Object.assign(new Error(errorMessage), { name: errorType });
}

function loadHandler() {
  const [module, name] = workerData.handler;
  let bundle;
  try {
    bundle = require(join(taskRoot, module));
  } catch (thrown) {
    if (thrown?.code !== 'MODULE_NOT_FOUND') throw thrown;
    throw runtimeError('Runtime.ImportModuleError', `Error: ${thrown.message}`);
  }
  const handler = bundle?.[name];
  if (typeof handler !== 'function') {
    throw runtimeError('Runtime.HandlerNotFound', `${module}.${name} is undefined or not exported`);
  }
  // Node 24's runtime dropped callbacks: such a function would fail after the deploy, so it fails here.
  if (handler.length > 2) {
    throw runtimeError('Runtime.CallbackHandlerDeprecated', `${module}.${name} takes a callback; Node.js 24 has none`);
  }
  return handler;
}

function contextOf({ requestId, deadline }) {
  return {
    awsRequestId: requestId,
    functionName: workerData.functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: workerData.functionArn,
    memoryLimitInMB: String(workerData.memory),
    logGroupName: `/aws/lambda/${workerData.functionName}`,
    logStreamName: workerData.logStreamName,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

function serialise(value) {
  try {
    return JSON.stringify(value === undefined ? null : value) ?? 'null';
  } catch {
    throw new Error('Unable to stringify response body');
  }
}

/** What the handler's value or error is for the owner of this thread. */
async function outcomeOf(handler, invocation) {
  try {
    const result = await handler(JSON.parse(invocation.event), contextOf(invocation));
    return { kind: 'result', payload: serialise(result) };
  } catch (thrown) {
    return { kind: 'failure', error: describe(thrown) };
  }
}

/** Output travels on a channel of its own: waiting for it keeps the log of a request ahead of its answer. */
function flushed(stream) {
  return stream.writableLength === 0 ? undefined : new Promise((resolve) => stream.write('', resolve));
}

async function serve(handler, invocation) {
  const outcome = await outcomeOf(handler, invocation);
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  parentPort.postMessage(outcome);
}

try {
  const handler = loadHandler();
  parentPort.on('message', (invocation) => serve(handler, invocation));
  parentPort.postMessage({ kind: 'ready' });
} catch (thrown) {
  parentPort.postMessage({ kind: 'init-failure', error: describe(thrown) });
}
