// Command policies has the node enforce NetworkPolicies, by kube-router's policy controller and nothing else of it: it turns
// them into rules of iptables and sets of ipset. Until there is a first policy it does nothing, and the node is as one
// without it. Rules stay when it ends, so that nothing opens while it is started again.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/cloudnativelabs/kube-router/v2/pkg/controllers/netpol"
	"github.com/cloudnativelabs/kube-router/v2/pkg/healthcheck"
	"github.com/cloudnativelabs/kube-router/v2/pkg/options"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
)

const (
	// bridgeRules has the rules see what goes from pod to pod over the node's bridge.
	bridgeRules = "/proc/sys/net/bridge/bridge-nf-call-iptables"
	nodePorts   = "30000-32767"
	// syncPeriod is how often the rules are written anew though nothing has changed.
	syncPeriod = 5 * time.Minute
)

func main() {
	kubeconfig := flag.String("kubeconfig", "", "file that leads to the API server")
	node := flag.String("node", "", "name of this node")
	services := flag.String("services", "", "network of the cluster's Services")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, *kubeconfig, *node, *services); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "policies are not enforced:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, kubeconfig, node, services string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	policies := factory.Networking().V1().NetworkPolicies().Informer()
	factory.Start(ctx.Done())
	if !waitForFirst(ctx, policies) {
		return nil
	}
	if err := filterBridge(); err != nil {
		return err
	}
	if err := tryRule(); err != nil {
		return err
	}
	pods, namespaces := factory.Core().V1().Pods().Informer(), factory.Core().V1().Namespaces().Informer()
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())

	settings := options.NewKubeRouterConfig()
	settings.EnableIPv4, settings.EnableIPv6 = true, false
	settings.ClusterIPCIDRs = []string{services}
	settings.NodePortRange = nodePorts
	settings.HostnameOverride = node
	settings.IPTablesSyncPeriod = syncPeriod
	tables, sets, err := netpol.NewIPTablesHandlers(settings)
	if err != nil {
		return err
	}
	controller, err := netpol.NewNetworkPolicyController(client, settings, pods, policies, namespaces, &sync.Mutex{}, tables, sets)
	if err != nil {
		return err
	}
	for informer, handler := range map[cache.SharedIndexInformer]cache.ResourceEventHandler{
		pods: controller.PodEventHandler, namespaces: controller.NamespaceEventHandler, policies: controller.NetworkPolicyEventHandler,
	} {
		if _, err := informer.AddEventHandler(handler); err != nil {
			return err
		}
	}
	// The supervisor sees by itself whether this program runs.
	beats := make(chan *healthcheck.ControllerHeartbeat, 10)
	go func() {
		for range beats {
		}
	}()
	klog.Info("policies are enforced")
	var running sync.WaitGroup
	running.Add(1)
	controller.Run(beats, ctx.Done(), &running)
	return nil
}

// waitForFirst waits until there is a policy; false: the node is being stopped.
func waitForFirst(ctx context.Context, policies cache.SharedIndexInformer) bool {
	found := make(chan struct{})
	var once sync.Once
	handler := cache.ResourceEventHandlerFuncs{AddFunc: func(any) { once.Do(func() { close(found) }) }}
	registration, err := policies.AddEventHandler(handler)
	if err != nil {
		return false
	}
	defer func() { _ = policies.RemoveEventHandler(registration) }()
	select {
	case <-found:
		return true
	case <-ctx.Done():
		return false
	}
}

// filterBridge makes the kernel show the bridge's packets to the rules, which it does where its module is loaded.
func filterBridge() error {
	if _, err := os.Stat(bridgeRules); err != nil {
		_ = exec.Command("modprobe", "br_netfilter").Run()
	}
	err := os.WriteFile(bridgeRules, []byte("1"), 0)
	if errors.Is(err, os.ErrNotExist) {
		return errors.New("the kernel's module br_netfilter is not loaded, and can't be loaded from the node; run `modprobe br_netfilter` on the machine")
	}
	return err
}

// tryRule makes a set, and a rule that asks it in a chain that nobody calls: the controller only logs where the kernel lacks
// a part, and this program would seem to work.
func tryRule() error {
	const name = "MILLRACE-PROBE"
	clean := func() {
		for _, args := range [][]string{{"iptables", "-w", "-F", name}, {"iptables", "-w", "-X", name}, {"ipset", "destroy", name}} {
			_ = exec.Command(args[0], args[1:]...).Run()
		}
	}
	clean()
	defer clean()
	for _, args := range [][]string{
		{"ipset", "create", name, "hash:net"},
		{"iptables", "-w", "-N", name},
		{"iptables", "-w", "-A", name, "-m", "set", "--match-set", name, "src", "-j", "MARK", "--set-mark", "0x10000"},
	} {
		if said, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("the kernel can't: `%s` said %s", strings.Join(args, " "), strings.TrimSpace(string(said)))
		}
	}
	return nil
}
