package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

const gi = int64(1) << 30

func TestAClaimFitsIntoWhatIsFreeAndPromisedToNobody(t *testing.T) {
	if err := fits(5*gi, 10*gi, 5*gi+10*gi+reserve); err != nil {
		t.Fatal(err)
	}
	err := fits(5*gi+1, 10*gi, 5*gi+10*gi+reserve)
	if err == nil || !strings.Contains(err.Error(), "17.0 GiB are free, 10.0 GiB of that are promised to other claims") {
		t.Fatalf("got %v", err)
	}
}

func TestADiskThatIsPromisedTwiceHasNothingLeft(t *testing.T) {
	err := fits(1, 50*gi, 10*gi)
	if err == nil || !strings.Contains(err.Error(), "so 0.0 GiB are left") {
		t.Fatalf("got %v", err)
	}
	if err := fits(0, 50*gi, 10*gi); err != nil {
		t.Fatalf("a volume that is full already takes nothing more: %v", err)
	}
}

func TestWhatAVolumeHoldsIsNotPromisedAgain(t *testing.T) {
	if unused(5*gi, 2*gi) != 3*gi || unused(5*gi, 6*gi) != 0 {
		t.Fatal("the rest is size less use, and never below nothing")
	}
}

func TestUseIsWhatFilesTakeOnTheDisk(t *testing.T) {
	folder := t.TempDir()
	empty := usedBytes(folder)
	if err := os.MkdirAll(filepath.Join(folder, "a", "b"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "a", "b", "file"), make([]byte, 1<<20), 0o644); err != nil {
		t.Fatal(err)
	}
	if used := usedBytes(folder) - empty; used < 1<<20 || used > 2<<20 {
		t.Fatalf("1 MiB takes %d bytes", used)
	}
	if usedBytes(filepath.Join(folder, "nowhere")) != 0 {
		t.Fatal("what is not there takes nothing")
	}
}

func TestOnlyABoundClaimBelowItsRequestGrows(t *testing.T) {
	claim := func(phase v1.PersistentVolumeClaimPhase, wanted, given string) *v1.PersistentVolumeClaim {
		c := &v1.PersistentVolumeClaim{}
		c.Spec.Resources.Requests = v1.ResourceList{v1.ResourceStorage: resource.MustParse(wanted)}
		c.Status.Phase = phase
		c.Status.Capacity = v1.ResourceList{v1.ResourceStorage: resource.MustParse(given)}
		return c
	}
	for _, test := range []struct {
		claim *v1.PersistentVolumeClaim
		want  bool
	}{
		{claim(v1.ClaimBound, "6Gi", "5Gi"), true},
		{claim(v1.ClaimBound, "5Gi", "5120Mi"), false},
		{claim(v1.ClaimBound, "4Gi", "5Gi"), false},
		{claim(v1.ClaimPending, "6Gi", "5Gi"), false},
	} {
		if wantsMore(test.claim) != test.want {
			t.Fatalf("%v of %v: want %v", test.claim.Spec.Resources.Requests, test.claim.Status.Capacity, test.want)
		}
	}
}
