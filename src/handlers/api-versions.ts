// ApiVersions v0-4: what this broker serves, derived from the list of handlers.
// - Produce is advertised from version 0 although versions below 3 are refused: librdkafka takes a higher minimum for a broker without Produce (KAFKA-18659).
// - Client names and versions that are empty or ill-formed answer INVALID_REQUEST (KIP-511).
// - Of the features (KIP-584) `group.version` is finalized at 1, which has clients use the consumer protocol when they are asked to, unless that is off.
// Differs from Kafka: only the features that are implemented are reported.

import { errorCode } from '../wire/error-codes.ts'
import { apiVersions as api } from '../wire/messages/api-versions.ts'
import { hasConsumerProtocol } from './consumer-protocol.ts'
import type { ServedApi } from './handler.ts'
import { handler } from './handler.ts'
import type { Services } from './services.ts'

const LEGAL_CLIENT_SOFTWARE = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/
const LOWEST_ADVERTISED: Readonly<Record<number, number>> = { 0: 0 }

/** `served` is asked at the first request: the list that this handler is itself part of. */
export function apiVersions({ config }: Pick<Services, 'config'>, served: () => readonly ServedApi[]): ServedApi {
  const apiKeys = () =>
    served().map(({ api: { key }, minVersion, maxVersion }) => ({
      apiKey: key,
      minVersion: LOWEST_ADVERTISED[key] ?? minVersion,
      maxVersion,
    }))

  return handler(api, {
    handle({ clientSoftwareName, clientSoftwareVersion }, { apiVersion }) {
      const isLegal = [clientSoftwareName, clientSoftwareVersion].every((text) => LEGAL_CLIENT_SOFTWARE.test(text))
      if (apiVersion >= 3 && !isLegal) return { errorCode: errorCode('INVALID_REQUEST'), apiKeys: [] }
      return { errorCode: 0, apiKeys: apiKeys(), ...features(config) }
    },
    refuse: (_request, refusal) => ({ errorCode: errorCode(refusal.error), apiKeys: [] }),
  })
}

const GROUP_VERSIONS = { name: 'group.version', minVersion: 0, maxVersion: 1 }
const FEATURES_EPOCH = 1 // they are what they are as long as the broker runs

function features(config: Services['config']) {
  const level = hasConsumerProtocol(config) ? GROUP_VERSIONS.maxVersion : 0
  const finalizedFeatures = level === 0 ? [] : [{ name: GROUP_VERSIONS.name, minVersionLevel: level, maxVersionLevel: level }]
  return { supportedFeatures: [GROUP_VERSIONS], finalizedFeaturesEpoch: FEATURES_EPOCH, finalizedFeatures }
}
