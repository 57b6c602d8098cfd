# Prints the files of credentials that the environment names (docs/SECURITY.md), each after a comma: the tasks grant
# reading those and no others.
for file in "$KAFKA_SASL_PASSWORD_FILE" "$KAFKA_SSL_CA_FILE" "$KAFKA_SSL_CERT_FILE" "$KAFKA_SSL_KEY_FILE" \
  "$SCHEMA_REGISTRY_PASSWORD_FILE" "$SCHEMA_REGISTRY_TOKEN_FILE" "$SCHEMA_REGISTRY_CA_FILE"; do
  if [ -n "$file" ]; then printf ',%s' "$file"; fi
done
