/**
 * Something a person must put right before the app can be synthesized: a setting, a source file. Its message is all they
 * are shown, so it names what is wrong, the value, and what to do. Anything else that is thrown here is a bug.
 */
export class Problem extends Error {}
