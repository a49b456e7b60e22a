/** How Lambda writes an error of a function into the answer of Invoke. */
export type FunctionError = {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
};

/** What an invocation came to: the function's value, or its error in both places, as Invoke's payload carries it. */
export type Outcome = { readonly payload: unknown; readonly error?: FunctionError };

/** The outcome of an invocation that failed. */
export function failed(error: FunctionError): Outcome {
  return { payload: error, error };
}
