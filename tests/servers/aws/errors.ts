/** An answer that refuses: the API's own code. It is thrown by rules and written by the protocol of the service. */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** What this stand-in cannot judge: the test has to fail, whatever the client does with the answer. */
export class Unknown extends AwsError {
  constructor(what: string) {
    super('StandInDoesNotKnow', `the stand-in does not know ${what}`, 501);
  }
}
