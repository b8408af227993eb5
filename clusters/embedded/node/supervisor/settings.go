package main

import (
	"fmt"
	"os"
)

const (
	containerdConfig = "/run/millrace/containerd.toml"
	kubeletConfig    = "/run/millrace/kubelet.yaml"
	registryConfig   = "/run/millrace/registry.yaml"
	cniConfig        = "/etc/cni/net.d/10-millrace.conflist"
)

// writeSettings writes the parts' settings files. Addresses of pods are kept in /run: none outlives a restart.
func writeSettings(ip string) error {
	lowerOOM := mayLowerOOMScore()
	files := map[string]string{
		cniConfig: fmt.Sprintf(`{"cniVersion": "1.0.0", "name": "millrace", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": "/run/cni/addresses", "ranges": [[{"subnet": "%s"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
`, pods),
		containerdConfig: fmt.Sprintf(`version = 3
root = "/var/lib/containerd"
state = "/run/containerd"
[plugins."io.containerd.cri.v1.images"]
  stats_collect_period = 60
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = "%s"
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = %t
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["/usr/lib/cni"]
    conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
      SystemdCgroup = false
`, pauseImage, !lowerOOM),
		// A change of the node's state is reported within five seconds, an unchanged one by its small lease alone: without a
		// frequency of its own the report, the largest object of a cluster at rest, would be written every five seconds.
		//
		// Disk pressure evicts nothing: the disk is the host's, and its owner decides. Memory pressure does. A container over
		// its limit loses the process that took the memory, not all: a notebook's kernel dies, its server stays.
		kubeletConfig: fmt.Sprintf(`apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: %s/ca.crt}
authorization: {mode: Webhook}
tlsCertFile: %s/kubelet-serving.crt
tlsPrivateKeyFile: %s/kubelet-serving.key
clusterDomain: cluster.local
clusterDNS: ["%s"]
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
cgroupDriver: cgroupfs
cgroupRoot: /
cpuCFSQuota: %t
failCgroupV1: false
failSwapOn: false
singleProcessOOMKill: true
resolvConf: /etc/resolv.conf
maxPods: 110
serializeImagePulls: false
maxParallelImagePulls: 4
systemReserved: {cpu: 200m, memory: 768Mi}
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: 200Mi, nodefs.available: "0%%", nodefs.inodesFree: "0%%", imagefs.available: "0%%"}
containerLogMaxSize: 10Mi
containerLogMaxFiles: 2
nodeStatusUpdateFrequency: 5s
nodeStatusReportFrequency: 5m
oomScoreAdj: %d
`, keptDir, pkiDir, pkiDir, dnsIP, mayLimitPods(), oomScore(lowerOOM)),
		registryConfig:   registrySettings(),
		storageClassFile: storageClass(),
	}
	authority, err := os.ReadFile(keptDir + "/ca.crt")
	if err != nil {
		return err
	}
	files[metricsFile] = metricsAPI(ip, authority)
	if registryLogin != "" {
		line, err := htpasswdLine(registryLogin)
		if err != nil {
			return fmt.Errorf("%s: %w", registryLoginVariable, err)
		}
		files[registryLogins] = line
	}
	for path, content := range files {
		if err := writeFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
