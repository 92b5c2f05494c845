// What the offline commands know of a data folder's own log: the topics in it.

import { LAYOUT_VERSION } from '../../topics/data-folder.ts'
import { METADATA_TOPIC_ID } from '../../topics/metadata-log.ts'
import { decodeMetadataRecord, type MetadataRecord } from '../../topics/metadata-records.ts'
import { METADATA_TOPIC } from '../../topics/topic-names.ts'
import type { MetadataLogFacts } from '../../upkeep/folder-check.ts'
import { Malformed } from '../../wire/reader.ts'
import type { FetchedRecord } from '../../wire/records/record.ts'

export const METADATA_LOG: MetadataLogFacts = {
  folderName: `${METADATA_TOPIC}-0`,
  topicId: METADATA_TOPIC_ID,
  layoutVersion: LAYOUT_VERSION,
  decode(key, value) {
    const record = decodeMetadataRecord(key, value)
    if (record.type === 'topic-deleted') return { topicId: record.topicId, topic: undefined }
    if (record.type !== 'topic') return undefined
    const { topicId, name, partitionCount, configs } = record
    return { topicId, topic: { name, partitionCount, mayHaveGaps: configs['cleanup.policy']?.includes('compact') === true } }
  },
}

/** What a record of that log says; undefined for one that nobody understands. */
export function metadataOf({ key, value }: FetchedRecord): MetadataRecord | undefined {
  try {
    return decodeMetadataRecord(key, value)
  } catch (error) {
    if (error instanceof Malformed) return undefined
    throw error
  }
}
