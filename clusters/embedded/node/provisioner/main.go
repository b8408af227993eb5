// Command provisioner makes a directory of the node for every claim of its class, lets it grow with the
// claim, and removes it with it. It promises no more room than the node's disk has. Directories are open to every user (0777) because pods run as users of their own and the kubelet applies
// no fsGroup to hostPath volumes.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

const identityKey = "millrace.local/node"

// provisionerName is what the StorageClass calls it.
var provisionerName string

type hostPath struct {
	root string
	node string
	disk *disk
}

// Provision makes the directory <namespace>_<claim>_<volume>, a name that a person can read in the node.
func (p hostPath) Provision(ctx context.Context, o controller.ProvisionOptions) (*v1.PersistentVolume, controller.ProvisioningState, error) {
	if o.PVC.Spec.Selector != nil {
		return nil, controller.ProvisioningFinished, fmt.Errorf("claim %s/%s has a selector; remove it: %s makes new volumes only", o.PVC.Namespace, o.PVC.Name, provisionerName)
	}
	size := o.PVC.Spec.Resources.Requests[v1.ResourceStorage]
	if err := p.disk.grant(ctx, o.PVName, size.Value()); err != nil {
		return nil, controller.ProvisioningFinished, err
	}
	dir := filepath.Join(p.root, strings.Join([]string{o.PVC.Namespace, o.PVC.Name, o.PVName}, "_"))
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, controller.ProvisioningNoChange, err
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		return nil, controller.ProvisioningNoChange, err
	}
	kind := v1.HostPathDirectory
	return &v1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: o.PVName, Annotations: map[string]string{identityKey: p.node}},
		Spec: v1.PersistentVolumeSpec{
			PersistentVolumeReclaimPolicy: *o.StorageClass.ReclaimPolicy,
			AccessModes:                   o.PVC.Spec.AccessModes,
			Capacity:                      v1.ResourceList{v1.ResourceStorage: size},
			PersistentVolumeSource:        v1.PersistentVolumeSource{HostPath: &v1.HostPathVolumeSource{Path: dir, Type: &kind}},
			NodeAffinity: &v1.VolumeNodeAffinity{Required: &v1.NodeSelector{NodeSelectorTerms: []v1.NodeSelectorTerm{{
				MatchExpressions: []v1.NodeSelectorRequirement{{Key: v1.LabelHostname, Operator: v1.NodeSelectorOpIn, Values: []string{p.node}}},
			}}}},
		},
	}, controller.ProvisioningFinished, nil
}

// Delete removes the directory of a released volume.
func (p hostPath) Delete(_ context.Context, volume *v1.PersistentVolume) error {
	if volume.Annotations[identityKey] != p.node {
		return &controller.IgnoredError{Reason: "volume belongs to node " + volume.Annotations[identityKey]}
	}
	dir := filepath.Clean(volume.Spec.HostPath.Path)
	if filepath.Dir(dir) != p.root {
		return fmt.Errorf("volume %s is at %s, not directly below %s; not removed", volume.Name, dir, p.root)
	}
	return os.RemoveAll(dir)
}

func main() {
	kubeconfig := flag.String("kubeconfig", "", "path of the kubeconfig")
	root := flag.String("root", "/var/lib/millrace/volumes", "directory that holds the volumes")
	node := flag.String("node", "millrace", "name of this node")
	flag.StringVar(&provisionerName, "name", "millrace.local/hostpath", "name of the provisioner in its StorageClass")
	flag.Parse()
	if err := run(*kubeconfig, filepath.Clean(*root), *node); err != nil {
		klog.ErrorS(err, "provisioner stopped")
		os.Exit(1)
	}
}

func run(kubeconfig, root, node string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	room := newDisk(client, root, node)
	go grower{client, room, newRecorder(client), map[string]refused{}}.run(ctx)
	// A claim that the disk has no room for is tried again for as long as it is there.
	controller.NewProvisionController(ctx, client, provisionerName, hostPath{root, node, room},
		controller.LeaderElection(false), controller.FailedProvisionThreshold(0)).Run(ctx)
	return nil
}
