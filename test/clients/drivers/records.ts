// What the drivers of the real clients write and read: records as text, and where a reader starts.

export interface TestRecord {
  readonly key: string | null
  readonly value: string | null
  readonly headers: readonly (readonly [name: string, value: string | null])[]
}

export interface ReadRecord extends TestRecord {
  readonly offset: number
  readonly timestamp: number
}

export type ReadFrom = { readonly offset: number } | { readonly timestamp: number }

export const record = (key: string | null, value: string | null, headers: TestRecord['headers'] = []): TestRecord => ({
  key,
  value,
  headers,
})
export const content = ({ key, value, headers }: TestRecord): TestRecord => ({ key, value, headers })
