// Who sent a request, as groups note it of their members.

import type { Caller } from '../groups/group.ts'
import type { RequestContext } from './handler.ts'

export function callerOf({ apiVersion, clientId, connection }: RequestContext): Caller {
  return { apiVersion, clientId: clientId ?? '', clientHost: `/${connection.remoteAddress}` }
}
