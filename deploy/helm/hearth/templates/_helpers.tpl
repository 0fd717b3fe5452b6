{{/* Names, labels, and the parts all pods have in common. "one" is a dict: root, service (leads, …), role (api, worker, …). */}}

{{- define "hearth.fullname" -}}
{{- if contains "hearth" .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-hearth{{ end }}
{{- end }}

{{- define "hearth.services" -}}{{ .Files.Get "files/services.yaml" }}{{- end }}

{{- define "hearth.topics" -}}topics:
{{ .Files.Get "files/topics.yaml" }}{{- end }}

{{- define "hearth.name" -}}
{{ include "hearth.fullname" .root }}-{{ .service | replace "_" "-" }}-{{ .role }}
{{- end }}

{{- define "hearth.selector" -}}
app.kubernetes.io/name: {{ .service | replace "_" "-" }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end }}

{{- define "hearth.release" -}}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/part-of: hearth
{{- end }}

{{- define "hearth.common" -}}
{{ include "hearth.release" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "hearth.labels" -}}
{{ include "hearth.selector" . }}
app.kubernetes.io/part-of: hearth
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{- define "hearth.image" -}}
{{ .Values.image.repository }}{{ if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag }}{{ end }}
{{- end }}

{{/* What a component is told, the service's own over what all have; own replicas replace autoscaling, and the other way. */}}
{{- define "hearth.spec" -}}
{{- $own := dig .service .role dict .root.Values.services -}}
{{- $spec := mustMergeOverwrite (deepCopy (get .root.Values .role)) (deepCopy $own) -}}
{{- if hasKey $own "replicas" }}{{ $_ := unset $spec "autoscaling" }}{{ end -}}
{{- if hasKey $own "autoscaling" }}{{ $_ := unset $spec "replicas" }}{{ end -}}
{{- toYaml $spec }}
{{- end }}

{{/* A service's kafka or mongo settings over those of all ("what"). */}}
{{- define "hearth.access" -}}
{{- toYaml (mustMergeOverwrite (deepCopy (get .root.Values .what)) (deepCopy (dig .service .what dict .root.Values.services))) }}
{{- end }}

{{- define "hearth.tlsSecret" -}}{{ include "hearth.fullname" .root }}-{{ .service | replace "_" "-" }}-tls{{- end }}

{{- define "hearth.grpcHost" -}}
{{ include "hearth.fullname" .root }}-{{ .service | replace "_" "-" }}-grpc.{{ .root.Release.Namespace }}.svc.{{ .root.Values.clusterDomain }}
{{- end }}

{{- define "hearth.topicName" -}}
{{- with .root.Values.settings.namespace }}{{ . }}.{{ end }}{{ .topic }}
{{- end }}

{{/* The environment of a process. Nothing in it is secret: secrets are files. */}}
{{- define "hearth.env" -}}
{{- $values := .root.Values -}}
{{- $kafka := include "hearth.access" (merge (dict "what" "kafka") .) | fromYaml -}}
{{- $mongo := include "hearth.access" (merge (dict "what" "mongo") .) | fromYaml -}}
{{- $env := dict
  "KAFKA_BOOTSTRAP" $kafka.bootstrap
  "HEARTH_KAFKA_SECURITY" $kafka.security
  "HEARTH_MONGO_URL_FILE" "/run/hearth/mongo/url"
  "HEARTH_MONGO_TLS" (toString $mongo.tls)
  "HEARTH_KEK_FILE" "/run/hearth/keys/kek"
  "HEARTH_INDEX_KEY_FILE" "/run/hearth/keys/index_key"
  "HEARTH_IDENTITY_DIR" "/run/hearth/identity"
  "HEARTH_BIND" "0.0.0.0"
  "HEARTH_AUTH" "oidc"
  "HEARTH_OIDC_ISSUER" $values.auth.issuer
  "HEARTH_OIDC_AUDIENCE" $values.auth.audience
  "HEARTH_TIMEZONE" $values.settings.timezone
  "HEARTH_LOG_LEVEL" $values.settings.logLevel
  "HEARTH_LOG_FORMAT" "json"
  "HEARTH_REQUESTS_PER_SECOND" (toString $values.settings.requestsPerSecond)
  "HEARTH_SESSION_TIMEOUT" (toString $values.settings.sessionTimeout)
  "HEARTH_REFLECTION" (toString $values.settings.reflection)
  "HEARTH_PARTITIONS" $values.kafka.topics.partitions
  "HEARTH_REPLICATION" (toString $values.kafka.topics.replication)
  "HEARTH_TOPICS" (eq $values.kafka.topics.by "job" | ternary "create" "expect")
-}}
{{- if contains "sasl" $kafka.security }}
{{- $_ := set $env "HEARTH_KAFKA_MECHANISM" $kafka.mechanism }}
{{- $_ := set $env "HEARTH_KAFKA_USER" $kafka.user }}
{{- $_ := set $env "HEARTH_KAFKA_PASSWORD_FILE" "/run/hearth/kafka/password" }}
{{- end }}
{{- if and (contains "ssl" $kafka.security) $kafka.caSecret.name }}{{ $_ := set $env "HEARTH_KAFKA_CA_FILE" "/run/hearth/kafka/ca.crt" }}{{ end }}
{{- if and (contains "ssl" $kafka.security) $kafka.clientSecret.name }}
{{- $_ := set $env "HEARTH_KAFKA_CERT_FILE" "/run/hearth/kafka/tls.crt" }}
{{- $_ := set $env "HEARTH_KAFKA_KEY_FILE" "/run/hearth/kafka/tls.key" }}
{{- end }}
{{- if and $mongo.tls $mongo.caSecret.name }}{{ $_ := set $env "HEARTH_MONGO_CA_FILE" "/run/hearth/mongo/ca.crt" }}{{ end }}
{{- if $values.mtls.enabled }}{{ $_ := set $env "HEARTH_TLS_DIR" "/run/hearth/tls" }}{{ end }}
{{- with $values.auth.jwksUrl }}{{ $_ := set $env "HEARTH_OIDC_JWKS_URL" . }}{{ end }}
{{- with $values.settings.namespace }}{{ $_ := set $env "HEARTH_NAMESPACE" . }}{{ end }}
{{- with $values.settings.trustedProxies }}{{ $_ := set $env "FORWARDED_ALLOW_IPS" . }}{{ end }}
{{- if $values.settings.otlpEndpoint }}
{{- $_ := set $env "HEARTH_OTLP_ENDPOINT" $values.settings.otlpEndpoint }}
{{- $_ := set $env "HEARTH_TRACE_RATIO" (toString $values.settings.traceRatio) }}
{{- end }}
{{- $about := get (include "hearth.services" .root | fromYaml) .service }}
{{- $ports := $about.ports }}
{{- range $peer := $about.peers }}
{{- $port := (get (include "hearth.services" $.root | fromYaml) $peer).ports.grpc | int }}
{{- $_ := set $env (printf "HEARTH_PEER_%s" (upper $peer)) (printf "dns:///%s:%d" (include "hearth.grpcHost" (dict "root" $.root "service" $peer)) $port) }}
{{- end }}
{{- if and (eq .service "profile") $values.settings.webhookNetworks }}{{ $_ := set $env "HEARTH_WEBHOOK_NETWORKS" $values.settings.webhookNetworks }}{{ end }}
{{- range $name := keys $env | sortAlpha }}
- name: {{ $name }}
  value: {{ get $env $name | quote }}
{{- end }}
{{- end }}

{{/* All secrets of a process as one read-only volume; of the identities only its own. 0440: root's, and the pod's group. */}}
{{- define "hearth.secrets" -}}
{{- $values := .root.Values -}}
{{- $kafka := include "hearth.access" (merge (dict "what" "kafka") .) | fromYaml -}}
{{- $mongo := include "hearth.access" (merge (dict "what" "mongo") .) | fromYaml -}}
name: secrets
projected:
  defaultMode: 0440
  sources:
    - secret:
        name: {{ $values.keysSecret.name }}
        items: [{key: kek, path: keys/kek}, {key: index_key, path: keys/index_key}]
    - secret:
        name: {{ $values.identitySecret.name }}
        items: [{key: {{ .service }}.jwk, path: identity/{{ .service }}.jwk}, {key: services.jwks, path: identity/services.jwks}]
    - secret:
        name: {{ $mongo.urlSecret.name }}
        items: [{key: {{ $mongo.urlSecret.key }}, path: mongo/url}]
    {{- if and $mongo.tls $mongo.caSecret.name }}
    - secret:
        name: {{ $mongo.caSecret.name }}
        items: [{key: {{ $mongo.caSecret.key }}, path: mongo/ca.crt}]
    {{- end }}
    {{- if contains "sasl" $kafka.security }}
    - secret:
        name: {{ $kafka.passwordSecret.name }}
        items: [{key: {{ $kafka.passwordSecret.key }}, path: kafka/password}]
    {{- end }}
    {{- if and (contains "ssl" $kafka.security) $kafka.caSecret.name }}
    - secret:
        name: {{ $kafka.caSecret.name }}
        items: [{key: {{ $kafka.caSecret.key }}, path: kafka/ca.crt}]
    {{- end }}
    {{- if and (contains "ssl" $kafka.security) $kafka.clientSecret.name }}
    - secret:
        name: {{ $kafka.clientSecret.name }}
        items: [{key: tls.crt, path: kafka/tls.crt}, {key: tls.key, path: kafka/tls.key}]
    {{- end }}
    {{- if $values.mtls.enabled }}
    - secret:
        name: {{ include "hearth.tlsSecret" . }}
        items: [{key: ca.crt, path: tls/ca.crt}, {key: tls.crt, path: tls/tls.crt}, {key: tls.key, path: tls/tls.key}]
    {{- end }}
{{- end }}

{{/* What makes a pod "restricted", and the places that it may write to. */}}
{{- define "hearth.pod" -}}
serviceAccountName: {{ include "hearth.fullname" .root }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets: {{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- with .root.Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}

{{- define "hearth.container" -}}
image: {{ include "hearth.image" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  capabilities: {drop: [ALL]}
{{- end }}

{{- define "hearth.mounts" -}}
volumeMounts:
  - {name: secrets, mountPath: /run/hearth, readOnly: true}
  - {name: tmp, mountPath: /tmp}
{{- end }}

{{- define "hearth.volumes" -}}
volumes:
  - {{- include "hearth.secrets" . | nindent 4 }}
  - name: tmp
    emptyDir: {medium: Memory, sizeLimit: 64Mi}
{{- end }}

{{- define "hearth.annotations" -}}
{{- with .root.Values.podAnnotations }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
