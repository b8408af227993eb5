package main

import (
	"encoding/base64"
	"fmt"
)

const (
	metricsFile    = "/run/millrace/metrics.yaml"
	metricsService = "metrics-server"
	metricsPort    = 4443
)

// metricsAPI tells the API server who answers for figures, and what that part may do.
func metricsAPI(ip string, authority []byte) string {
	return fmt.Sprintf(`apiVersion: v1
kind: Service
metadata: { name: %[1]s, namespace: kube-system }
spec: { ports: [{ name: https, port: 443, targetPort: %[2]d }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: %[1]s, namespace: kube-system, labels: { kubernetes.io/service-name: %[1]s } }
addressType: IPv4
ports: [{ name: https, port: %[2]d, protocol: TCP }]
endpoints: [{ addresses: ["%[3]s"], conditions: { ready: true } }]
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: { name: v1beta1.metrics.k8s.io }
spec:
  group: metrics.k8s.io
  version: v1beta1
  groupPriorityMinimum: 100
  versionPriority: 100
  service: { name: %[1]s, namespace: kube-system }
  caBundle: %[4]s
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: "millrace:metrics" }
rules:
  - { apiGroups: [""], resources: [nodes/metrics], verbs: [get] }
  - { apiGroups: [""], resources: [pods, nodes], verbs: [get, list, watch] }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: "millrace:metrics" }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "millrace:metrics" }
subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: User, name: "millrace:metrics" }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: "millrace:metrics:auth-delegator" }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "system:auth-delegator" }
subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: User, name: "millrace:metrics" }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: "millrace:metrics", namespace: kube-system }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: extension-apiserver-authentication-reader }
subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: User, name: "millrace:metrics" }]
---
# Who may look at pods may see what they use.
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: "millrace:metrics-reader"
  labels:
    rbac.authorization.k8s.io/aggregate-to-view: "true"
    rbac.authorization.k8s.io/aggregate-to-edit: "true"
    rbac.authorization.k8s.io/aggregate-to-admin: "true"
rules: [{ apiGroups: [metrics.k8s.io], resources: [pods, nodes], verbs: [get, list, watch] }]
`, metricsService, metricsPort, ip, base64.StdEncoding.EncodeToString(authority))
}
