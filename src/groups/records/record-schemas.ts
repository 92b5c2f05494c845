// The records of `__consumer_offsets`, which Kafka's own brokers and tools read: what groups have committed, the members of classic groups, and those of groups
// of the consumer protocol (KIP-848). A key is an int16 record type and a body, a value an int16 version and a body; no value deletes what the key names.

import { array, bytes, defineRecord, int32, int64, int8, string, struct, uuid } from '../../wire/schema.ts'

/** `writtenVersion` is that of the value, as Kafka 4.3 writes it; every version is read. */
export const GROUP_RECORDS = {
  offsetCommit: {
    type: 1,
    writtenVersion: 4,
    key: defineRecord({
      name: 'OffsetCommitKey',
      versions: '0',
      flexible: 'none',
      fields: struct({ group: string, topic: string, partition: int32 }),
    }),
    value: defineRecord({
      name: 'OffsetCommitValue',
      versions: '0-4',
      flexible: '4+',
      fields: struct({
        offset: int64,
        leaderEpoch: int32.versions('3+').default(-1),
        metadata: string,
        commitTimestamp: int64,
        expireTimestamp: int64.versions('1').default(-1),
        topicId: uuid.versions('4+').tag(0),
      }),
    }),
  },
  groupMetadata: {
    type: 2,
    writtenVersion: 3,
    key: defineRecord({ name: 'GroupMetadataKey', versions: '0', flexible: 'none', fields: struct({ group: string }) }),
    value: defineRecord({
      name: 'GroupMetadataValue',
      versions: '0-4',
      flexible: '4+',
      fields: struct({
        protocolType: string,
        generation: int32,
        protocol: string.nullable(),
        leader: string.nullable(),
        currentStateTimestamp: int64.versions('2+').default(-1),
        members: array(
          struct({
            memberId: string,
            groupInstanceId: string.versions('3+').nullable().default(null),
            clientId: string,
            clientHost: string,
            rebalanceTimeout: int32.versions('1+').default(-1),
            sessionTimeout: int32,
            subscription: bytes,
            assignment: bytes,
          }),
        ),
      }),
    }),
  },
  consumerGroupMetadata: {
    type: 3,
    writtenVersion: 0,
    key: defineRecord({ name: 'ConsumerGroupMetadataKey', versions: '0', flexible: 'none', fields: struct({ groupId: string }) }),
    value: defineRecord({
      name: 'ConsumerGroupMetadataValue',
      versions: '0',
      flexible: '0+',
      fields: struct({ epoch: int32, metadataHash: int64.default(0).tag(0) }),
    }),
  },
  consumerGroupPartitionMetadata: {
    type: 4,
    writtenVersion: 0,
    key: defineRecord({ name: 'ConsumerGroupPartitionMetadataKey', versions: '0', flexible: 'none', fields: struct({ groupId: string }) }),
    value: defineRecord({
      name: 'ConsumerGroupPartitionMetadataValue',
      versions: '0',
      flexible: '0+',
      fields: struct({
        topics: array(
          struct({
            topicId: uuid,
            topicName: string,
            numPartitions: int32,
            partitionMetadata: array(struct({ partition: int32, racks: array(string) })),
          }),
        ),
      }),
    }),
  },
  consumerGroupMemberMetadata: {
    type: 5,
    writtenVersion: 0,
    key: defineRecord({
      name: 'ConsumerGroupMemberMetadataKey',
      versions: '0',
      flexible: 'none',
      fields: struct({ groupId: string, memberId: string }),
    }),
    value: defineRecord({
      name: 'ConsumerGroupMemberMetadataValue',
      versions: '0',
      flexible: '0+',
      fields: struct({
        instanceId: string.nullable(),
        rackId: string.nullable(),
        clientId: string,
        clientHost: string,
        subscribedTopicNames: array(string),
        subscribedTopicRegex: string.nullable(),
        rebalanceTimeoutMs: int32.default(-1),
        serverAssignor: string.nullable(),
        classicMemberMetadata: struct({ sessionTimeoutMs: int32, supportedProtocols: array(struct({ name: string, metadata: bytes })) })
          .nullable()
          .tag(0),
      }),
    }),
  },
  consumerGroupTargetAssignmentMetadata: {
    type: 6,
    writtenVersion: 0,
    key: defineRecord({
      name: 'ConsumerGroupTargetAssignmentMetadataKey',
      versions: '0',
      flexible: 'none',
      fields: struct({ groupId: string }),
    }),
    value: defineRecord({
      name: 'ConsumerGroupTargetAssignmentMetadataValue',
      versions: '0',
      flexible: '0+',
      fields: struct({ assignmentEpoch: int32, assignmentTimestamp: int64.default(0).tag(0) }),
    }),
  },
  consumerGroupTargetAssignmentMember: {
    type: 7,
    writtenVersion: 0,
    key: defineRecord({
      name: 'ConsumerGroupTargetAssignmentMemberKey',
      versions: '0',
      flexible: 'none',
      fields: struct({ groupId: string, memberId: string }),
    }),
    value: defineRecord({
      name: 'ConsumerGroupTargetAssignmentMemberValue',
      versions: '0',
      flexible: '0+',
      fields: struct({ topicPartitions: array(struct({ topicId: uuid, partitions: array(int32) })) }),
    }),
  },
  consumerGroupCurrentMemberAssignment: {
    type: 8,
    writtenVersion: 0,
    key: defineRecord({
      name: 'ConsumerGroupCurrentMemberAssignmentKey',
      versions: '0',
      flexible: 'none',
      fields: struct({ groupId: string, memberId: string }),
    }),
    value: defineRecord({
      name: 'ConsumerGroupCurrentMemberAssignmentValue',
      versions: '0',
      flexible: '0+',
      fields: struct({
        memberEpoch: int32,
        previousMemberEpoch: int32,
        state: int8,
        assignedPartitions: array(struct({ topicId: uuid, partitions: array(int32), assignmentEpochs: array(int32).nullable().tag(0) })),
        partitionsPendingRevocation: array(
          struct({ topicId: uuid, partitions: array(int32), assignmentEpochs: array(int32).nullable().tag(0) }),
        ),
      }),
    }),
  },
  consumerGroupRegularExpression: {
    type: 16,
    writtenVersion: 0,
    key: defineRecord({
      name: 'ConsumerGroupRegularExpressionKey',
      versions: '0',
      flexible: 'none',
      fields: struct({ groupId: string, regularExpression: string }),
    }),
    value: defineRecord({
      name: 'ConsumerGroupRegularExpressionValue',
      versions: '0',
      flexible: '0+',
      fields: struct({ topics: array(string), version: int64, timestamp: int64 }),
    }),
  },
} as const
