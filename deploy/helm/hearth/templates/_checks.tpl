{{/* What no schema can say: values that contradict each other. Each line names the value, the rule and the way out; all at once. */}}
{{- define "hearth.checks" -}}
{{- $wrong := list -}}
{{- $v := .Values -}}
{{- $production := eq $v.profile "production" -}}
{{- if not $v.image.repository }}{{ $wrong = append $wrong "image.repository is empty: there is no public image, name yours (registry.example/hearth)" }}{{ end -}}
{{- if not (or $v.image.digest $v.image.tag) }}{{ $wrong = append $wrong "image.digest and image.tag are empty: set image.digest (sha256:…)" }}{{ end -}}
{{- if not $v.auth.issuer }}{{ $wrong = append $wrong "auth.issuer is empty: outside of loopback nothing starts without authentication, name the OpenID Connect issuer" }}{{ end -}}
{{- if not $v.kafka.bootstrap }}{{ $wrong = append $wrong "kafka.bootstrap is empty: set host:port of your brokers" }}{{ end -}}
{{- if not $v.keysSecret.name }}{{ $wrong = append $wrong "keysSecret.name is empty: make the keys with `hearth keys`, put kek and index_key into a secret and name it" }}{{ end -}}
{{- if not $v.identitySecret.name }}{{ $wrong = append $wrong "identitySecret.name is empty: `hearth keys` makes <service>.jwk and services.jwks, put them into a secret and name it" }}{{ end -}}
{{- if and $v.externalSecrets.enabled (not $v.externalSecrets.store.name) }}{{ $wrong = append $wrong "externalSecrets.store.name is empty: name the store, or set externalSecrets.enabled=false" }}{{ end -}}
{{- if and (eq $v.kafka.topics.by "strimzi") (not $v.kafka.topics.strimziCluster) }}{{ $wrong = append $wrong "kafka.topics.strimziCluster is empty: with kafka.topics.by=strimzi name the Kafka resource" }}{{ end -}}
{{- if and $v.gateway.enabled (not $v.gateway.parentRefs) }}{{ $wrong = append $wrong "gateway.parentRefs is empty: name the Gateway, or set gateway.enabled=false" }}{{ end -}}
{{- if and $v.gateway.enabled $v.networkPolicy.enabled (not $v.networkPolicy.fromGateway) }}{{ $wrong = append $wrong "networkPolicy.fromGateway is empty: the gateway would reach nobody, say where its pods are" }}{{ end -}}
{{- if and $v.monitoring.serviceMonitor.enabled $v.networkPolicy.enabled (not $v.networkPolicy.fromPrometheus) }}{{ $wrong = append $wrong "networkPolicy.fromPrometheus is empty: Prometheus would reach nobody, say where its pods are" }}{{ end -}}
{{- if and $v.monitoring.alerts.enabled (not $v.monitoring.alerts.runbookUrl) }}{{ $wrong = append $wrong "monitoring.alerts.runbookUrl is empty: say where your copy of docs/operations/runbook.md is read" }}{{ end -}}
{{- if and $v.networkPolicy.enabled (not $v.networkPolicy.kafka.to) }}{{ $wrong = append $wrong "networkPolicy.kafka.to is empty: nobody could reach Kafka, say where it is" }}{{ end -}}
{{- if and $v.networkPolicy.enabled (not $v.networkPolicy.mongo.to) }}{{ $wrong = append $wrong "networkPolicy.mongo.to is empty: nobody could reach MongoDB, say where it is" }}{{ end -}}
{{- if and $v.networkPolicy.enabled $v.settings.otlpEndpoint (not $v.networkPolicy.otlp.to) }}{{ $wrong = append $wrong "networkPolicy.otlp.to is empty: settings.otlpEndpoint could not be reached, say where it is" }}{{ end -}}
{{- if $production -}}
{{- if not $v.image.digest }}{{ $wrong = append $wrong "image.digest is empty: profile=production takes an image by digest only, for a tag may change: set it (sha256:…)" }}{{ end -}}
{{- if not (contains "ssl" $v.kafka.security) }}{{ $wrong = append $wrong (printf "kafka.security=%s: profile=production sends nothing in the clear, set sasl_ssl or ssl" $v.kafka.security) }}{{ end -}}
{{- if not $v.mongo.tls }}{{ $wrong = append $wrong "mongo.tls=false: profile=production sends nothing in the clear, set it to true" }}{{ end -}}
{{- if not $v.mtls.enabled }}{{ $wrong = append $wrong "mtls.enabled=false: profile=production sends nothing in the clear, set it to true" }}{{ end -}}
{{- if not $v.networkPolicy.enabled }}{{ $wrong = append $wrong "networkPolicy.enabled=false: profile=production denies by default, set it to true" }}{{ end -}}
{{- if lt (int $v.kafka.topics.replication) 3 }}{{ $wrong = append $wrong (printf "kafka.topics.replication=%d: profile=production survives a broker, set 3" (int $v.kafka.topics.replication)) }}{{ end -}}
{{- if ne $v.kafka.topics.partitions "production" }}{{ $wrong = append $wrong "kafka.topics.partitions=local: partition counts are fixed for ever, set production" }}{{ end -}}
{{- end -}}
{{- $topics := (include "hearth.topics" . | fromYaml).topics -}}
{{- $known := include "hearth.services" . | fromYaml -}}
{{- range $service := keys $known | sortAlpha -}}
{{- $about := get $known $service -}}
{{- $one := dict "root" $ "service" $service -}}
{{- $kafka := include "hearth.access" (merge (dict "what" "kafka") $one) | fromYaml -}}
{{- $mongo := include "hearth.access" (merge (dict "what" "mongo") $one) | fromYaml -}}
{{- if not $mongo.urlSecret.name }}{{ $wrong = append $wrong (printf "services.%s.mongo.urlSecret.name is empty, and so is mongo.urlSecret.name: put the connection string into a secret and name it" $service) }}{{ end -}}
{{- if and (contains "sasl" $kafka.security) (not (and $kafka.user $kafka.passwordSecret.name)) }}{{ $wrong = append $wrong (printf "services.%s.kafka: kafka.security=%s needs user and passwordSecret.name, here or for all in kafka" $service $kafka.security) }}{{ end -}}
{{- if and (not (contains "sasl" $kafka.security)) $kafka.user }}{{ $wrong = append $wrong (printf "services.%s.kafka.user=%s: kafka.security=%s sends no user, set sasl_ssl or take the user away" $service $kafka.user $kafka.security) }}{{ end -}}
{{- if and (not (contains "ssl" $kafka.security)) (or $kafka.caSecret.name $kafka.clientSecret.name) }}{{ $wrong = append $wrong (printf "kafka.caSecret.name=%s: kafka.security=%s uses no certificates, set sasl_ssl or take them away" (default $kafka.clientSecret.name $kafka.caSecret.name) $kafka.security) }}{{ end -}}
{{- $most := 0 -}}{{- $widest := "" -}}
{{- range $topic := $topics -}}
{{- $count := int (get $topic.partitions $v.kafka.topics.partitions) -}}
{{- if and (has $topic.name $about.reads) (gt $count $most) }}{{ $most = $count }}{{ $widest = $topic.name }}{{ end -}}
{{- end -}}
{{- $worker := include "hearth.spec" (merge (dict "role" "worker") $one) | fromYaml -}}
{{- $api := include "hearth.spec" (merge (dict "role" "api") $one) | fromYaml -}}
{{- range $role, $spec := dict "api" $api "worker" $worker -}}
{{- if and (hasKey $spec "replicas") (hasKey $spec "autoscaling") }}{{ $wrong = append $wrong (printf "services.%s.%s says both replicas=%d and autoscaling: whoever scales would be undone by each upgrade, say one" $service $role (int $spec.replicas)) }}{{ end -}}
{{- with $spec.autoscaling -}}
{{- if gt (int .min) (int .max) }}{{ $wrong = append $wrong (printf "services.%s.%s.autoscaling.min=%d is above max=%d: lower min or raise max" $service $role (int .min) (int .max)) }}{{ end -}}
{{- end -}}
{{- if and $production (eq $role "api") (lt (int (dig "autoscaling" "min" (dig "replicas" 1 $spec) $spec)) 2) }}{{ $wrong = append $wrong (printf "services.%s.api has fewer than 2 pods: profile=production survives a node, set replicas or autoscaling.min to 2" $service) }}{{ end -}}
{{- end -}}
{{- $pods := int (dig "autoscaling" "max" (dig "replicas" 1 $worker) $worker) -}}
{{- if gt $pods $most }}{{ $wrong = append $wrong (printf "services.%s.worker: %d pods are more than the %d partitions of %s (kafka.topics.partitions=%s), the others would have nothing to do: set at most %d" $service $pods $most $widest $v.kafka.topics.partitions $most) }}{{ end -}}
{{- end -}}
{{- if $wrong }}{{ fail (printf "\n\nThese values cannot be installed:\n  %s\n" (join "\n  " $wrong)) }}{{ end -}}
{{- end }}
