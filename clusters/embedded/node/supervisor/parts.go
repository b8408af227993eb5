package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const addonsDir = "/usr/local/share/millrace/addons"

// calm is for parts that do little: a garbage collector that keeps memory small, and one thread, since waking a second one
// costs more than what it would do.
var calm = []string{"GOGC=50", "GOMAXPROCS=1"}

// idleControllers have nothing to do here, and each one wakes several times a second all the same: volumes are directories
// that nobody attaches, nothing measures for the autoscaler, and certificates are the supervisor's.
var idleControllers = []string{
	"persistentvolume-attach-detach-controller", "ephemeral-volume-controller", "volumeattributesclass-protection-controller",
	"horizontal-pod-autoscaler-controller", "replicationcontroller-controller", "ttl-controller", "node-ipam-controller",
	"certificatesigningrequest-signing-controller", "certificatesigningrequest-approving-controller",
	"certificatesigningrequest-cleaner-controller", "podcertificaterequest-cleaner-controller",
	"legacy-serviceaccount-token-cleaner-controller", "resourceclaim-controller", "device-taint-eviction-controller",
	"storageversion-garbage-collector-controller", "validatingadmissionpolicy-status-controller",
}

// etcd keeps its fsync: the cluster's state must survive a power cut. It listens inside the node only, where no
// pod of ours can reach it (they have no host network).
func etcdPart() part {
	const clientURL, peerURL = "http://127.0.0.1:2379", "http://127.0.0.1:2380"
	return part{name: "etcd", env: []string{"GOGC=50"}, args: []string{
		"etcd", "--data-dir=/var/lib/etcd", "--log-level=warn", "--quota-backend-bytes=2147483648",
		"--auto-compaction-mode=periodic", "--auto-compaction-retention=30m", "--snapshot-count=10000",
		"--listen-client-urls=" + clientURL, "--advertise-client-urls=" + clientURL,
		"--listen-peer-urls=" + peerURL, "--initial-advertise-peer-urls=" + peerURL, "--initial-cluster=default=" + peerURL,
	}}
}

func containerdPart() part {
	return part{name: "containerd", args: []string{"containerd", "--config=" + containerdConfig, "--log-level=warn"}}
}

func registryPart() part {
	return part{name: "registry", args: []string{"docker-registry", "serve", registryConfig}}
}

func apiServerPart(ip string) part {
	return part{name: "apiserver", env: []string{"GOGC=50"}, args: []string{
		"kube-apiserver", "--etcd-servers=http://127.0.0.1:2379", "--advertise-address=" + ip, "--secure-port=6443",
		"--service-cluster-ip-range=" + services, "--allow-privileged=true",
		"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction", "--anonymous-auth=false",
		"--client-ca-file=" + keptDir + "/ca.crt",
		"--tls-cert-file=" + pkiDir + "/apiserver.crt", "--tls-private-key-file=" + pkiDir + "/apiserver.key",
		"--kubelet-client-certificate=" + pkiDir + "/apiserver-kubelet-client.crt",
		"--kubelet-client-key=" + pkiDir + "/apiserver-kubelet-client.key",
		"--kubelet-certificate-authority=" + keptDir + "/ca.crt",
		"--service-account-key-file=" + keptDir + "/sa.pub", "--service-account-signing-key-file=" + keptDir + "/sa.key",
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--profiling=false", "--default-watch-cache-size=50",
		// Figures of nodes and pods are another part's, which it asks by its address.
		"--enable-aggregator-routing=true",
		"--requestheader-client-ca-file=" + pkiDir + "/" + frontProxy + "-ca.crt", "--requestheader-allowed-names=" + frontProxy,
		"--requestheader-username-headers=X-Remote-User", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + pkiDir + "/" + frontProxy + ".crt", "--proxy-client-key-file=" + pkiDir + "/" + frontProxy + ".key",
	}}
}

func controllerManagerPart() part {
	return part{name: "controller-manager", env: calm, args: []string{
		"kube-controller-manager", "--kubeconfig=" + confDir + "/controller-manager", "--bind-address=127.0.0.1",
		"--root-ca-file=" + keptDir + "/ca.crt", "--service-account-private-key-file=" + keptDir + "/sa.key",
		"--cluster-signing-cert-file=" + keptDir + "/ca.crt", "--cluster-signing-key-file=" + keptDir + "/ca.key",
		"--use-service-account-credentials", "--leader-elect=false", "--profiling=false",
		"--controllers=*,-" + strings.Join(idleControllers, ",-"),
	}}
}

func schedulerPart() part {
	return part{name: "scheduler", env: calm, args: []string{
		"kube-scheduler", "--kubeconfig=" + confDir + "/scheduler", "--bind-address=127.0.0.1", "--leader-elect=false", "--profiling=false",
	}}
}

// The proxy leaves the host's connection tracking alone: those settings are not the node's to change.
func proxyPart(lowerOOM bool) part {
	return part{name: "proxy", env: calm, args: append([]string{
		"kube-proxy", "--kubeconfig=" + confDir + "/proxy", "--hostname-override=" + nodeName, "--cluster-cidr=" + pods,
		"--proxy-mode=iptables", "--conntrack-max-per-core=0", "--conntrack-tcp-timeout-established=0s",
		"--conntrack-tcp-timeout-close-wait=0s", "--iptables-min-sync-period=200ms",
		"--oom-score-adj=" + strconv.Itoa(oomScore(lowerOOM)),
	}, nodePortAddresses()...)}
}

// Figures of containers are 15 to 30 seconds old. The kubelet asks for its node's memory itself before it evicts a pod.
func kubeletPart(ip string) part {
	return part{name: "kubelet", args: []string{
		"kubelet", "--config=" + kubeletConfig, "--kubeconfig=" + confDir + "/kubelet",
		"--hostname-override=" + nodeName, "--node-ip=" + ip,
		"--housekeeping-interval=15s",
	}}
}

func provisionerPart() part {
	return part{name: "provisioner", env: calm, args: []string{
		"provisioner", "--kubeconfig=" + confDir + "/provisioner", "--node=" + nodeName, "--name=" + provisioner,
	}}
}

// A policy that comes later than its pods holds for them a moment later: the node is not told before a pod starts.
func policiesPart() part {
	return part{name: "policies", env: calm, args: []string{
		"policies", "--kubeconfig=" + confDir + "/policies", "--node=" + nodeName, "--services=" + services,
	}}
}

// Figures for `kubectl top` and for autoscalers. The kubelet measures every 15 seconds.
func metricsPart(ip string) part {
	conf := confDir + "/metrics"
	return part{name: "metrics", env: calm, args: []string{
		"metrics-server", "--kubeconfig=" + conf, "--authentication-kubeconfig=" + conf, "--authorization-kubeconfig=" + conf,
		"--bind-address=" + ip, "--secure-port=" + strconv.Itoa(metricsPort),
		"--tls-cert-file=" + pkiDir + "/metrics-serving.crt", "--tls-private-key-file=" + pkiDir + "/metrics-serving.key",
		"--kubelet-certificate-authority=" + keptDir + "/ca.crt", "--kubelet-preferred-address-types=InternalIP",
		"--metric-resolution=30s", "--profiling=false",
	}}
}

func kubectl(args ...string) error {
	_, err := output(append([]string{"kubectl", "--kubeconfig=" + adminConf}, args...)...)
	return err
}

func httpOK(url string) error {
	response, err := (&http.Client{Timeout: time.Second}).Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, strconv.Itoa(response.StatusCode))
	}
	return nil
}

// oomScore asks for protection from the kernel's out-of-memory killer only where that may be had.
func oomScore(lower bool) int {
	if lower {
		return -999
	}
	return 0
}

// dnsAnswers asks the cluster's DNS for the API server, by the address that pods use.
func dnsAnswers(ctx context.Context) error {
	limited, stop := context.WithTimeout(ctx, time.Second)
	defer stop()
	resolver := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", dnsIP+":53")
	}}
	_, err := resolver.LookupHost(limited, "kubernetes.default.svc.cluster.local.")
	return err
}
