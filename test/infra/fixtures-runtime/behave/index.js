// A bundle as esbuild writes them: CommonJS, whatever the package.json further up says.
const instance = Math.random();
let active = 0;

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const behaviours = {
  environment: () => ({ ...process.env }),
  argv: () => ({ argv: process.argv.slice(2), execArgv: process.execArgv }),
  async overlap({ milliseconds, label }) {
    active += 1;
    const seen = active;
    await wait(milliseconds);
    active -= 1;
    return { instance, seen, label };
  },
  context: (_, context) => ({ ...context, remaining: context.getRemainingTimeInMillis() }),
  require: ({ specifier }) => Object.keys(require(specifier)).length,
  throw({ text }) {
    throw new RangeError(text);
  },
  throwText() {
    throw 'no error at all';
  },
  nothing: () => undefined,
  circle() {
    const circle = {};
    circle.self = circle;
    return circle;
  },
  large: ({ bytes }) => 'x'.repeat(bytes),
  hang: () => new Promise(() => undefined),
  spin() {
    for (;;);
  },
  exit: ({ code }) => process.exit(code),
  reject: () => {
    void Promise.reject(new Error('nobody waits for this'));
    return new Promise(() => undefined);
  },
  crash: () => {
    setTimeout(() => {
      throw new Error('thrown where nobody catches');
    });
    return new Promise(() => undefined);
  },
  crashLater({ milliseconds }) {
    setTimeout(() => process.exit(1), milliseconds);
    return { instance };
  },
  exhaust() {
    const hoard = [];
    for (;;) hoard.push(new Array(1e6).fill(Math.random()));
  },
  write({ text, stream }) {
    process[stream ?? 'stdout'].write(text);
    return { instance };
  },
};

exports.handler = async (event, context) => behaviours[event.do](event, context);
