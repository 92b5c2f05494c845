// A length of time as ISO 8601 has it, as PT1H30M or P7D, and as Kafka's tools take it.

import { InvalidArgumentError } from 'commander'

const DURATION = /^P(?=.)(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,9})?)S)?)?$/i

/** In ms. */
export function parseDuration(text: string): number {
  const [matched, days = '0', hours = '0', minutes = '0', seconds = '0'] = DURATION.exec(text) ?? []
  if (matched === undefined) throw new InvalidArgumentError('It must be a duration as PT1H, PT30M, PT90S or P7D.')
  return Math.round((((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000)
}
