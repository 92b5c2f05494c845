// Why a log is not opened: something below the recovery point is not as it was, or the folder is another's. The log is left as it is, for people to look at.

export class Damaged extends Error {
  override name = 'Damaged'
}
