package main

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// What is left to the node itself, whatever the claims ask for.
const reserve = 2 << 30

// A volume that was granted counts for this long before the API server must know it.
const grantLife = 10 * time.Minute

type grant struct {
	bytes int64
	until time.Time
}

// disk keeps what is promised to claims within what the file system has.
type disk struct {
	client kubernetes.Interface
	root   string
	node   string
	mutex  sync.Mutex
	// Sizes of volumes by name that the API server may not list yet.
	granted map[string]grant
}

func newDisk(client kubernetes.Interface, root, node string) *disk {
	return &disk{client: client, root: root, node: node, granted: map[string]grant{}}
}

// grant promises a size to a volume, new or old, or says why it can't.
func (d *disk) grant(ctx context.Context, volume string, size int64) error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	list, err := d.client.CoreV1().PersistentVolumes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	others := int64(0)
	listed := map[string]bool{}
	own := size
	for _, item := range list.Items {
		if item.Annotations[identityKey] != d.node || item.Spec.HostPath == nil {
			continue
		}
		listed[item.Name] = true
		used := usedBytes(item.Spec.HostPath.Path)
		if item.Name == volume {
			own = unused(size, used)
			continue
		}
		capacity := item.Spec.Capacity[v1.ResourceStorage]
		others += unused(max(capacity.Value(), d.grantedTo(item.Name)), used)
	}
	for name, given := range d.granted {
		if time.Now().After(given.until) {
			delete(d.granted, name)
		} else if name != volume && !listed[name] {
			others += given.bytes
		}
	}
	var stat syscall.Statfs_t
	if err := syscall.Statfs(d.root, &stat); err != nil {
		return err
	}
	if err := fits(own, others, int64(stat.Bavail)*stat.Bsize); err != nil {
		return err
	}
	d.granted[volume] = grant{size, time.Now().Add(grantLife)}
	return nil
}

func (d *disk) grantedTo(volume string) int64 {
	if given, ok := d.granted[volume]; ok && time.Now().Before(given.until) {
		return given.bytes
	}
	return 0
}

// fits compares what a volume may still fill, and what all others may, with what is free.
func fits(own, others, free int64) error {
	left := max(free-reserve-others, 0)
	if own <= left {
		return nil
	}
	return fmt.Errorf("the node's disk has no room for it: %s are free, %s of that are promised to other claims and %s kept for the node itself, "+
		"so %s are left, and this claim may fill %s more; free room on the machine's disk, or ask for less",
		gibibytes(free), gibibytes(others), gibibytes(reserve), gibibytes(left), gibibytes(own))
}

// unused is what a volume may still fill; nothing keeps a directory from growing beyond its size.
func unused(size, used int64) int64 {
	return max(size-used, 0)
}

// usedBytes is what the files below a folder take on the disk. What goes while it counts, or can't be read, counts nothing.
func usedBytes(folder string) int64 {
	total := int64(0)
	_ = filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return nil
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); ok {
			total += stat.Blocks * 512
		}
		return nil
	})
	return total
}

func gibibytes(bytes int64) string {
	return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
}
