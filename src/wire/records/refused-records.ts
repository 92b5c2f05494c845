// A batch that is refused because of some of its records: the Refusal that also says which, for the answer to Produce (KIP-467).

import { type ErrorName, Refusal } from '../error-codes.ts'

/** Named as in ProduceResponse. */
export interface RecordError {
  readonly batchIndex: number
  readonly batchIndexErrorMessage: string
}

export class RefusedRecords extends Refusal {
  /** The first of them, by their place in the batch. */
  readonly recordErrors: readonly RecordError[]

  constructor(error: ErrorName, message: string, recordErrors: readonly RecordError[]) {
    super(error, message)
    this.recordErrors = recordErrors
  }
}
