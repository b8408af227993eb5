package main

import (
	"context"
	"fmt"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedv1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/record"
	"k8s.io/klog/v2"
)

const (
	lookEvery  = time.Second
	retryEvery = 30 * time.Second
)

// refused remembers a claim that the disk has no room for.
type refused struct {
	size  int64
	again time.Time
}

// grower gives claims the size that they ask for: a directory has none of its own, so only the records change.
type grower struct {
	client   kubernetes.Interface
	disk     *disk
	recorder record.EventRecorder
	refused  map[string]refused
}

func newRecorder(client kubernetes.Interface) record.EventRecorder {
	broadcaster := record.NewBroadcaster()
	broadcaster.StartRecordingToSink(&typedv1.EventSinkImpl{Interface: client.CoreV1().Events("")})
	return broadcaster.NewRecorder(scheme.Scheme, v1.EventSource{Component: provisionerName})
}

func (g grower) run(ctx context.Context) {
	factory := informers.NewSharedInformerFactory(g.client, 0)
	claims := factory.Core().V1().PersistentVolumeClaims().Lister()
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(lookEvery):
		}
		all, err := claims.List(labels.Everything())
		if err != nil {
			klog.ErrorS(err, "claims can't be listed")
			continue
		}
		for _, claim := range all {
			if wantsMore(claim) {
				g.grow(ctx, claim)
			}
		}
	}
}

// wantsMore says whether a bound claim asks for more than it has.
func wantsMore(claim *v1.PersistentVolumeClaim) bool {
	wanted := claim.Spec.Resources.Requests[v1.ResourceStorage]
	given := claim.Status.Capacity[v1.ResourceStorage]
	return claim.Status.Phase == v1.ClaimBound && wanted.Cmp(given) > 0
}

func (g grower) grow(ctx context.Context, claim *v1.PersistentVolumeClaim) {
	name := claim.Namespace + "/" + claim.Name
	wanted := claim.Spec.Resources.Requests[v1.ResourceStorage]
	before, wasRefused := g.refused[name]
	isSame := wasRefused && before.size == wanted.Value()
	if isSame && time.Now().Before(before.again) {
		return
	}
	err := g.resize(ctx, claim, wanted.Value(), wanted.String())
	if err == nil {
		delete(g.refused, name)
		return
	}
	g.refused[name] = refused{wanted.Value(), time.Now().Add(retryEvery)}
	g.recorder.Event(claim, v1.EventTypeWarning, "VolumeResizeFailed", err.Error())
}

// resize changes the volume first: a claim is never larger than its volume.
func (g grower) resize(ctx context.Context, claim *v1.PersistentVolumeClaim, bytes int64, size string) error {
	volumes := g.client.CoreV1().PersistentVolumes()
	volume, err := volumes.Get(ctx, claim.Spec.VolumeName, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if volume.Annotations[identityKey] != g.disk.node {
		return nil // another provisioner's, or another node's
	}
	if err := g.disk.grant(ctx, volume.Name, bytes); err != nil {
		return err
	}
	capacity := fmt.Sprintf(`{"capacity":{"storage":%q}}`, size)
	spec := []byte(`{"spec":` + capacity + `}`)
	if _, err := volumes.Patch(ctx, volume.Name, types.MergePatchType, spec, metav1.PatchOptions{}); err != nil {
		return err
	}
	status := []byte(`{"status":` + capacity + `}`)
	claims := g.client.CoreV1().PersistentVolumeClaims(claim.Namespace)
	_, err = claims.Patch(ctx, claim.Name, types.MergePatchType, status, metav1.PatchOptions{}, "status")
	return err
}
