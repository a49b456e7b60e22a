/**
 * An error as an AWS service answers it. `code` is the shape's name in the service model (`AccessDeniedException`,
 * `DuplicateItemException`); the endpoint puts it on the wire in whichever form the service's protocol wants.
 */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  /** Members of the error shape beyond `message`, such as DynamoDB's `Item` on a failed condition. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, status = 400, members: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = status;
    this.members = members;
  }
}
