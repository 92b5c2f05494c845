// UUIDs as this code carries them: Kafka's text form, 22 characters of base64url.

/** No UUID: what a message carries where a topic has none. */
export const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA'
