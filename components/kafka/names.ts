/** Names that Kafka derives. */

/**
 * A Kafka cluster id from 16 random bytes in URL-safe base64 (22 characters). Kafka's own tools read an id that begins
 * with a dash as an option, so such an id gets another first character.
 */
export function kafkaClusterId(base64Url: string): string {
  return base64Url.startsWith("-") ? `A${base64Url.slice(1)}` : base64Url;
}
