#!/usr/bin/env bash
# Brings what the test suites drive and package.json does not bring: Kafka's jars (with mvn), confluent-kafka (with pip), and jest, for one test alone.
# They go to $OTTLA_TEST_CACHE, by default ~/.cache/ottla-tests; what is there already stays. kcat comes with the system's packages.
set -euo pipefail

kafka_version=4.3.1
confluent_kafka_version=2.16.1
jest_version=30.5.2
cache=${OTTLA_TEST_CACHE:-$HOME/.cache/ottla-tests}

jars=$cache/kafka-$kafka_version
if [[ ! -e $jars/.complete || ! -e $jars/connect-file-$kafka_version.jar ]]; then
  echo "Kafka $kafka_version: to $jars"
  project=$(mktemp -d)
  trap 'rm -rf "$project"' EXIT
  dependency() { echo "<dependency><groupId>$1</groupId><artifactId>$2</artifactId><version>$3</version></dependency>"; }
  {
    echo '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
    echo '<groupId>ottla.test</groupId><artifactId>kafka-jars</artifactId><version>1</version><dependencies>'
    dependency org.apache.kafka kafka_2.13 "$kafka_version"
    dependency org.apache.kafka kafka-tools "$kafka_version"
    dependency org.apache.kafka connect-runtime "$kafka_version"
    dependency org.apache.kafka connect-file "$kafka_version"
    dependency org.slf4j slf4j-simple 1.7.36
    echo '</dependencies></project>'
  } > "$project/pom.xml"
  mvn --quiet --batch-mode --file "$project/pom.xml" dependency:copy-dependencies -DoutputDirectory="$jars" -DincludeScope=runtime < /dev/null
  touch "$jars/.complete"
fi

if ! PYTHONPATH=$cache/python python3 -c 'import confluent_kafka' 2> /dev/null; then
  echo "confluent-kafka $confluent_kafka_version: to $cache/python"
  python3 -m pip install --quiet --disable-pip-version-check --target "$cache/python" "confluent-kafka==$confluent_kafka_version"
fi

if [[ ! -e $cache/jest/node_modules/jest ]]; then
  echo "jest $jest_version: to $cache/jest"
  npm install --silent --no-save --no-package-lock --prefix "$cache/jest" "jest@$jest_version"
fi
