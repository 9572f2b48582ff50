/** An answer that refuses: the API's own code. It is thrown by rules and written by the protocol of the service. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;

  /** Members of the error beside its message, of a service that answers in JSON. */
  readonly more: object;

  constructor(code: string, message: string, status = 400, more: object = {}) {
    super(message);
    this.code = code;
    this.status = status;
    this.more = more;
  }
}

/** What this stand-in cannot judge: the test has to fail, whatever the client does with the answer. */
export class Unknown extends AwsError {
  constructor(what: string) {
    super('StandInDoesNotKnow', `the stand-in does not know ${what}`, 501);
  }
}
