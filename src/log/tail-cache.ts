// (Public surface; the bodies follow.) The newest batches of all partitions, within one byte budget.

export declare class TailCache {
  constructor(budgetBytes: number)
}
