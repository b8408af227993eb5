// Command supervisor is the first program of the node container: it prepares the host side (mounts, cgroups,
// certificates, settings), runs every part of the cluster, restarts a part that dies, and stops all of them in order.
//
// What must survive a restart is below /var, a volume. All else, certificates of the parts included, is made anew at
// every start, so that a changed address of the container needs no repair.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

const (
	clusterIP = "10.96.0.1"
	dnsIP     = "10.96.0.10"
	services  = "10.96.0.0/16"
	pods      = "10.244.0.0/24"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "millrace node:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	if err := prepareHost(); err != nil {
		return err
	}
	ip, err := nodeAddress()
	if err != nil {
		return err
	}
	if err := writeIdentities(ip); err != nil {
		return fmt.Errorf("certificates: %w", err)
	}
	if err := writeSettings(ip); err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	s := newSupervisor()
	go bringUp(ctx, s, ip)
	<-ctx.Done()
	shutDown(s)
	return nil
}

// bringUp starts the parts in the order of their needs. A step that fails is tried again: the state file tells which.
func bringUp(ctx context.Context, s *supervisor, ip string) {
	s.phase("etcd and containerd")
	s.start(etcdPart(), containerdPart(), registryPart())
	if !retry(ctx, importImages) || !retry(ctx, func() error { return httpOK("http://127.0.0.1:2379/health") }) {
		return
	}
	s.phase("API server")
	s.start(apiServerPart(ip))
	if !retry(ctx, func() error { return kubectl("get", "--raw=/readyz") }) {
		return
	}
	s.phase("node and controllers")
	lowerOOM := mayLowerOOMScore()
	s.start(kubeletPart(ip), controllerManagerPart(), schedulerPart(), proxyPart(lowerOOM))
	if !retry(ctx, func() error {
		return kubectl("apply", "--server-side", "--force-conflicts", "-f", addonsDir, "-f", storageClassFile, "-f", metricsFile)
	}) {
		return
	}
	s.start(provisionerPart(), policiesPart(), metricsPart(ip))
	// After a restart the API still shows the state from before: only an answer proves that kubelet, proxy and DNS work.
	s.phase("DNS")
	if !retry(ctx, func() error { return dnsAnswers(ctx) }) {
		return
	}
	if !retry(ctx, func() error { return kubectl("wait", "--for=condition=Ready", "node/"+nodeName, "--timeout=5s") }) {
		return
	}
	// A namespace can't be removed while somebody does not answer for a part of the API.
	s.phase("figures of pods")
	if !retry(ctx, func() error { return kubectl("get", "--raw=/apis/metrics.k8s.io/v1beta1") }) {
		return
	}
	s.phase("ready")
	dropStartupMemory(ctx)
}

// shutDown lets pods end by themselves first (a broker or database flushes), then stops the parts, storage last.
// It takes at most 13 seconds.
func shutDown(s *supervisor) {
	s.phase("stopping")
	s.stop(2*time.Second, "kubelet")
	endPods(7 * time.Second)
	s.stop(2*time.Second, "controller-manager", "scheduler", "proxy", "provisioner", "policies", "metrics", "registry", "apiserver", "containerd")
	s.stop(2*time.Second, "etcd")
}

// retry calls step until it succeeds; false: the node is being stopped.
func retry(ctx context.Context, step func() error) bool {
	for last := ""; ; {
		err := step()
		if err == nil {
			return true
		}
		if message := err.Error(); message != last {
			fmt.Fprintln(os.Stderr, "waiting:", firstLine(message))
			last = message
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(150 * time.Millisecond):
		}
	}
}

// firstLine keeps the log readable where a part answers at length.
func firstLine(message string) string {
	line, _, _ := strings.Cut(message, "\n")
	return line[:min(len(line), 200)]
}
