// Kafka's errors: the one table of names, codes, whether a client may try again, and a sentence for when nothing better is known.
// A room that cannot do what was asked throws a Refusal; handlers turn it into the code, and into the message where the response has room for one.

import { clipped } from '../lib/clipped.ts'

interface ErrorRow {
  readonly code: number
  readonly sentence: string
  readonly isRetriable: boolean
}

const final = (code: number, sentence: string): ErrorRow => ({ code, sentence, isRetriable: false })
const retriable = (code: number, sentence: string): ErrorRow => ({ code, sentence, isRetriable: true })

const ERRORS = {
  UNKNOWN_SERVER_ERROR: final(-1, 'the broker met an error it did not expect; its log says more'),
  NONE: final(0, 'no error'),
  OFFSET_OUT_OF_RANGE: final(1, 'the partition does not have that offset'),
  CORRUPT_MESSAGE: retriable(2, 'the record batch is damaged: its checksum or its size is wrong'),
  UNKNOWN_TOPIC_OR_PARTITION: retriable(3, 'there is no such topic or partition'),
  INVALID_FETCH_SIZE: final(4, 'the fetch size is invalid'),
  LEADER_NOT_AVAILABLE: retriable(5, 'the partition has no leader at the moment'),
  NOT_LEADER_OR_FOLLOWER: retriable(6, 'this broker does not hold the partition; ask for metadata again'),
  REQUEST_TIMED_OUT: retriable(7, 'the request took longer than its timeout'),
  BROKER_NOT_AVAILABLE: final(8, 'the broker is not available'),
  REPLICA_NOT_AVAILABLE: retriable(9, 'the replica is not available'),
  MESSAGE_TOO_LARGE: final(10, 'the record batch is larger than max.message.bytes'),
  STALE_CONTROLLER_EPOCH: final(11, 'the controller has moved to another broker'),
  OFFSET_METADATA_TOO_LARGE: final(12, 'the metadata of the committed offset is too long'),
  NETWORK_EXCEPTION: retriable(13, 'the connection was lost before the response arrived'),
  COORDINATOR_LOAD_IN_PROGRESS: retriable(14, 'the coordinator is still loading'),
  COORDINATOR_NOT_AVAILABLE: retriable(15, 'the coordinator is not available'),
  NOT_COORDINATOR: retriable(16, 'this broker is not the coordinator; look it up again'),
  INVALID_TOPIC_EXCEPTION: final(17, 'the topic name is illegal, or clients may not do this to the topic'),
  RECORD_LIST_TOO_LARGE: final(18, 'the record batch is larger than a segment may be'),
  NOT_ENOUGH_REPLICAS: retriable(19, 'the partition has fewer replicas in sync than it must have'),
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: retriable(20, 'the records were written, but to fewer replicas than they must be'),
  INVALID_REQUIRED_ACKS: final(21, 'acks must be 0, 1 or -1 (all)'),
  ILLEGAL_GENERATION: final(22, 'the generation of the group is not the current one'),
  INCONSISTENT_GROUP_PROTOCOL: final(23, 'the member has no protocol in common with the rest of the group'),
  INVALID_GROUP_ID: final(24, 'the group id is invalid'),
  UNKNOWN_MEMBER_ID: final(25, 'the group has no such member'),
  INVALID_SESSION_TIMEOUT: final(26, 'the session timeout is outside the range that the broker allows'),
  REBALANCE_IN_PROGRESS: final(27, 'the group is rebalancing; join again'),
  INVALID_COMMIT_OFFSET_SIZE: final(28, 'the committed offset does not fit into a record'),
  TOPIC_AUTHORIZATION_FAILED: final(29, 'not authorized for the topic'),
  GROUP_AUTHORIZATION_FAILED: final(30, 'not authorized for the group'),
  CLUSTER_AUTHORIZATION_FAILED: final(31, 'not authorized for the cluster'),
  INVALID_TIMESTAMP: final(32, 'a timestamp is outside the range that the topic accepts'),
  UNSUPPORTED_SASL_MECHANISM: final(33, 'the SASL mechanism is not enabled'),
  ILLEGAL_SASL_STATE: final(34, 'the request does not belong at this point of the authentication'),
  UNSUPPORTED_VERSION: final(35, 'the broker does not speak this version of the request'),
  TOPIC_ALREADY_EXISTS: final(36, 'a topic with this name already exists'),
  INVALID_PARTITIONS: final(37, 'the number of partitions is invalid'),
  INVALID_REPLICATION_FACTOR: final(38, 'the replication factor is below 1 or above the number of brokers'),
  INVALID_REPLICA_ASSIGNMENT: final(39, 'the assignment of partitions to brokers is invalid'),
  INVALID_CONFIG: final(40, 'a config is unknown, or its value is not allowed'),
  NOT_CONTROLLER: retriable(41, 'this broker is not the controller'),
  INVALID_REQUEST: final(42, 'the request contradicts itself or the protocol'),
  UNSUPPORTED_FOR_MESSAGE_FORMAT: final(43, "the partition's message format does not support this"),
  POLICY_VIOLATION: final(44, 'the request goes beyond what the broker allows'),
  OUT_OF_ORDER_SEQUENCE_NUMBER: final(45, 'the batch does not follow the last one of this producer'),
  DUPLICATE_SEQUENCE_NUMBER: final(46, 'the batch was written before, too long ago to say at which offset'),
  INVALID_PRODUCER_EPOCH: final(47, 'the producer was replaced by a newer one with the same id'),
  INVALID_TXN_STATE: final(48, 'the transaction is not in a state that allows this'),
  INVALID_PRODUCER_ID_MAPPING: final(49, 'the producer id is not the one of the transactional id'),
  INVALID_TRANSACTION_TIMEOUT: final(50, 'the transaction timeout is larger than transaction.max.timeout.ms'),
  CONCURRENT_TRANSACTIONS: retriable(51, 'another operation on the transaction is still going on'),
  TRANSACTION_COORDINATOR_FENCED: final(52, 'a newer transaction coordinator has taken over'),
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: final(53, 'not authorized for the transactional id'),
  SECURITY_DISABLED: final(54, 'the broker has no security features enabled'),
  OPERATION_NOT_ATTEMPTED: final(55, 'not tried, because another part of the request failed first'),
  KAFKA_STORAGE_ERROR: retriable(56, 'the broker could not read or write the disk; its log says more'),
  LOG_DIR_NOT_FOUND: final(57, 'the broker has no such log folder'),
  SASL_AUTHENTICATION_FAILED: final(58, 'authentication failed'),
  UNKNOWN_PRODUCER_ID: final(59, 'the partition knows nothing of this producer any more'),
  REASSIGNMENT_IN_PROGRESS: final(60, 'the partition is being reassigned'),
  DELEGATION_TOKEN_AUTH_DISABLED: final(61, 'delegation tokens are not enabled'),
  DELEGATION_TOKEN_NOT_FOUND: final(62, 'there is no such delegation token'),
  DELEGATION_TOKEN_OWNER_MISMATCH: final(63, 'the delegation token belongs to somebody else'),
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: final(64, 'delegation tokens cannot be asked for on this connection'),
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: final(65, 'not authorized for the delegation token'),
  DELEGATION_TOKEN_EXPIRED: final(66, 'the delegation token has expired'),
  INVALID_PRINCIPAL_TYPE: final(67, 'the type of principal is not supported'),
  NON_EMPTY_GROUP: final(68, 'the group still has members'),
  GROUP_ID_NOT_FOUND: final(69, 'there is no such group'),
  FETCH_SESSION_ID_NOT_FOUND: retriable(70, 'there is no such fetch session'),
  INVALID_FETCH_SESSION_EPOCH: retriable(71, 'the epoch of the fetch session is not the expected one'),
  LISTENER_NOT_FOUND: retriable(72, 'the leader has no listener of this name'),
  TOPIC_DELETION_DISABLED: final(73, 'topics cannot be deleted: delete.topic.enable is false'),
  FENCED_LEADER_EPOCH: retriable(74, 'the leader epoch in the request is older than the current one'),
  UNKNOWN_LEADER_EPOCH: retriable(75, 'the leader epoch in the request is newer than the current one'),
  UNSUPPORTED_COMPRESSION_TYPE: final(76, 'the compression type is not supported here'),
  STALE_BROKER_EPOCH: final(77, 'the broker has registered again since'),
  OFFSET_NOT_AVAILABLE: retriable(78, 'the leader does not know its high watermark yet'),
  MEMBER_ID_REQUIRED: final(79, 'join again with the member id of this answer'),
  PREFERRED_LEADER_NOT_AVAILABLE: retriable(80, 'the preferred leader is not available'),
  GROUP_MAX_SIZE_REACHED: final(81, 'the group has as many members as it may have'),
  FENCED_INSTANCE_ID: final(82, 'another member has taken over the group instance id'),
  ELIGIBLE_LEADERS_NOT_AVAILABLE: retriable(83, 'no replica that could lead the partition is available'),
  ELECTION_NOT_NEEDED: retriable(84, 'the partition has the leader that was asked for'),
  NO_REASSIGNMENT_IN_PROGRESS: final(85, 'the partition is not being reassigned'),
  GROUP_SUBSCRIBED_TO_TOPIC: final(86, 'the group is subscribed to the topic, so its offsets stay'),
  INVALID_RECORD: final(87, 'the records break a rule of the format or of the topic'),
  UNSTABLE_OFFSET_COMMIT: retriable(88, 'a transaction that commits offsets of the group is not finished'),
  THROTTLING_QUOTA_EXCEEDED: retriable(89, 'the quota is used up; try again later'),
  PRODUCER_FENCED: final(90, 'a newer producer with the same transactional id has taken over'),
  RESOURCE_NOT_FOUND: final(91, 'there is no such resource'),
  DUPLICATE_RESOURCE: final(92, 'the resource is named twice'),
  UNACCEPTABLE_CREDENTIAL: final(93, 'the credential does not meet the requirements'),
  INCONSISTENT_VOTER_SET: final(94, 'the voters of the request are not the known ones'),
  INVALID_UPDATE_VERSION: final(95, 'the version of the update is invalid'),
  FEATURE_UPDATE_FAILED: final(96, 'the feature could not be changed'),
  PRINCIPAL_DESERIALIZATION_FAILURE: final(97, 'the forwarded principal cannot be read'),
  SNAPSHOT_NOT_FOUND: final(98, 'there is no such snapshot'),
  POSITION_OUT_OF_RANGE: final(99, 'the position lies outside the snapshot'),
  UNKNOWN_TOPIC_ID: retriable(100, 'there is no topic with this id'),
  DUPLICATE_BROKER_REGISTRATION: final(101, 'a broker with this id is registered already'),
  BROKER_ID_NOT_REGISTERED: final(102, 'no broker with this id is registered'),
  INCONSISTENT_TOPIC_ID: retriable(103, 'the topic id is not the one of the topic'),
  INCONSISTENT_CLUSTER_ID: final(104, 'the request is meant for another cluster'),
  TRANSACTIONAL_ID_NOT_FOUND: final(105, 'there is no such transactional id'),
  FETCH_SESSION_TOPIC_ID_ERROR: retriable(106, 'the fetch session was opened with other topic ids, or without'),
  INELIGIBLE_REPLICA: final(107, 'the replica may not join those in sync'),
  NEW_LEADER_ELECTED: final(108, 'the change of replicas has brought another leader'),
  OFFSET_MOVED_TO_TIERED_STORAGE: final(109, 'the offset has moved to tiered storage'),
  FENCED_MEMBER_EPOCH: final(110, 'the member was fenced by the coordinator; it has to join again'),
  UNRELEASED_INSTANCE_ID: final(111, 'another member still holds the group instance id'),
  UNSUPPORTED_ASSIGNOR: final(112, 'the group does not support the assignor'),
  STALE_MEMBER_EPOCH: final(113, 'the member epoch is not the current one; try again after the next heartbeat'),
  MISMATCHED_ENDPOINT_TYPE: final(114, 'the request was sent to the wrong kind of endpoint'),
  UNSUPPORTED_ENDPOINT_TYPE: final(115, 'this kind of endpoint is not supported'),
  UNKNOWN_CONTROLLER_ID: final(116, 'there is no such controller'),
  UNKNOWN_SUBSCRIPTION_ID: final(117, 'the subscription of client metrics is not the current one'),
  TELEMETRY_TOO_LARGE: final(118, 'the client metrics are larger than the broker accepts'),
  INVALID_REGISTRATION: final(119, 'the registration is invalid'),
  TRANSACTION_ABORTABLE: final(120, 'the transaction has to be aborted'),
  INVALID_RECORD_STATE: final(121, 'the record is not in a state that can be acknowledged'),
  SHARE_SESSION_NOT_FOUND: retriable(122, 'there is no such share session'),
  INVALID_SHARE_SESSION_EPOCH: retriable(123, 'the epoch of the share session is not the expected one'),
  FENCED_STATE_EPOCH: final(124, 'the epoch of the share state is older than the current one'),
  INVALID_VOTER_KEY: final(125, 'the voter is not who the receiver is'),
  DUPLICATE_VOTER: final(126, 'the voter is one already'),
  VOTER_NOT_FOUND: final(127, 'there is no such voter'),
  INVALID_REGULAR_EXPRESSION: final(128, 'the regular expression is invalid'),
  REBOOTSTRAP_REQUIRED: final(129, 'the client has to start over from its bootstrap servers'),
  STREAMS_INVALID_TOPOLOGY: final(130, 'the topology is invalid'),
  STREAMS_INVALID_TOPOLOGY_EPOCH: final(131, 'the epoch of the topology is invalid'),
  STREAMS_TOPOLOGY_FENCED: final(132, 'the epoch of the topology is out of date'),
  SHARE_SESSION_LIMIT_REACHED: retriable(133, 'the broker has as many share sessions as it may have'),
} as const satisfies Record<string, ErrorRow>

export type ErrorName = keyof typeof ERRORS

const NAMES = new Map(Object.entries(ERRORS).map(([name, { code }]) => [code, name as ErrorName]))

export const errorCode = (name: ErrorName): number => ERRORS[name].code

/** A code that is not in the table, from a newer broker, is UNKNOWN_SERVER_ERROR, as it is for Kafka's clients. */
export const errorName = (code: number): ErrorName => NAMES.get(code) ?? 'UNKNOWN_SERVER_ERROR'

/** Whether a client may expect the same request to succeed later. */
export const isRetriable = (name: ErrorName): boolean => ERRORS[name].isRetriable

const MESSAGE_LENGTH_MAX = 1000 // it may quote what was asked, which alone may be as long as a string of the protocol can be

/** What was asked cannot be done, and the client is told so. Has no stack: it is an answer, given in masses, and its origin is its message. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly error: ErrorName

  constructor(error: ErrorName, message: string = ERRORS[error].sentence) {
    const stackTraceLimit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    super(clipped(message, MESSAGE_LENGTH_MAX))
    Error.stackTraceLimit = stackTraceLimit
    this.error = error
  }
}
