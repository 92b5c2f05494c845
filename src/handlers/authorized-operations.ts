// What a client may do, as bits, for the answers that tell it: everything is allowed to everybody.
// Kafka's bits: 3 read, 4 write, 5 create, 6 delete, 7 alter, 8 describe, 9 cluster action, 10 describe configs, 11 alter configs, 12 idempotent write;
// of them, those that make sense for a topic, the cluster and a group.

export const TOPIC_OPERATIONS = 0b0_1101_1111_1000
export const CLUSTER_OPERATIONS = 0b1_1111_1010_0000
export const GROUP_OPERATIONS = 0b0_1101_0100_1000
