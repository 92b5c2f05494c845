// The settings of one group of the consumer protocol: what was set of the group itself, and where nothing was, what the broker says. Read anew for every request.

import type { GroupServices } from '../group-services.ts'

export interface ConsumerSettings {
  readonly sessionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  readonly assignmentIntervalMs: number
}

export function consumerSettings(
  { config, groupConfig }: Pick<GroupServices, 'config' | 'groupConfig'>,
  groupId: string,
): ConsumerSettings {
  const own = groupConfig(groupId)
  const number = (name: string, byDefault: number): number => (own[name] === undefined ? byDefault : Number(own[name]))
  return {
    sessionTimeoutMs: number('consumer.session.timeout.ms', config['group.consumer.session.timeout.ms']),
    heartbeatIntervalMs: number('consumer.heartbeat.interval.ms', config['group.consumer.heartbeat.interval.ms']),
    assignmentIntervalMs: number('consumer.assignment.interval.ms', config['group.consumer.assignment.interval.ms']),
  }
}
