/**
 * Something a person can mend: the message says what happened, which value, and what to do. The command line prints the
 * message alone and exits 1; anything else that is thrown is a bug and keeps its stack.
 */
export class Problem extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Problem';
  }
}
