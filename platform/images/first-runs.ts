/** What long steps took where they have run: two cores, empty caches, all of them beside each other. For the first run on a machine. */
import type { Past } from "./time-left.ts";

/** Debian's packages come in one piece, of which no part is seen. */
const debian = (seconds: number): Past => ({ seconds, marks: [] });

/** By the step's name in the progress. */
export const firstRuns: Readonly<Record<string, Past>> = {
  "base image base": debian(120),
  "base image python": debian(140),
  "base image jre": debian(150),
  "base image postgres-base": debian(155),
  // The last crate goes on for three minutes.
  "image garage": {
    seconds: 1672,
    marks: [
      ["syn", 28],
      ["walkdir", 129],
      ["hashbrown", 184],
      ["utoipa-gen", 394],
      ["zstd", 452],
      ["idna", 619],
      ["prometheus", 699],
      ["garage_api_common", 797],
      ["regex-automata", 886],
      ["textwrap", 955],
      ["opentelemetry_sdk", 1015],
      ["gimli", 1085],
      ["garage_api_admin", 1270],
      ["garage_api_k2v", 1341],
      ["timeago", 1387],
      ["garage", 1492],
    ],
  },
  "image versitygw": {
    seconds: 150,
    marks: [
      ["internal/goarch", 0],
      ["unicode", 12],
      ["crypto/internal/fips140/sha256", 25],
      ["crypto/internal/fips140/edwards25519/field", 38],
      ["github.com/aws/smithy-go/time", 50],
      ["github.com/aws/aws-sdk-go-v2/service/internal/accept-encoding", 62],
      ["github.com/valyala/bytebufferpool", 75],
      ["github.com/aws/aws-sdk-go-v2/service/signin/types", 88],
      ["github.com/versity/versitygw/iamapi/storage", 100],
      ["github.com/AzureAD/microsoft-authentication-library-for-go/apps/internal/shared", 112],
      ["encoding/gob", 125],
      ["github.com/segmentio/kafka-go/protocol/electleaders", 138],
    ],
  },
  "Go build": {
    seconds: 1294,
    marks: [
      ["internal/goarch", 0],
      ["crypto/internal/fips140hash", 54],
      ["golang.org/x/net/internal/httpsfv", 108],
      ["os/exec", 162],
      ["k8s.io/apimachinery/pkg/util/mergepatch", 215],
      ["k8s.io/client-go/listers/batch/v1beta1", 269],
      ["google.golang.org/grpc/internal/grpclog", 324],
      ["k8s.io/kube-openapi/pkg/aggregator", 431],
      ["k8s.io/client-go/discovery/fake", 485],
      ["github.com/moby/spdystream", 539],
      ["github.com/pquerna/cachecontrol/cacheobject", 593],
      ["k8s.io/kubernetes/pkg/apis/node/v1", 647],
      ["k8s.io/kubernetes/pkg/apis/policy/v1beta1", 701],
      ["k8s.io/kubernetes/pkg/registry/core/resourcequota", 755],
      ["k8s.io/kubernetes/pkg/apis/storage/validation", 809],
      ["k8s.io/kubernetes/pkg/controller/util/consistency", 862],
      ["k8s.io/dynamic-resource-allocation/resourceslice/tracker", 916],
      ["k8s.io/kubernetes/pkg/controller/volume/attachdetach/reconciler", 970],
      ["k8s.io/kubernetes/pkg/volume/projected", 1024],
      ["github.com/containerd/containerd/v2/version", 1078],
      ["github.com/opencontainers/image-spec/identity", 1132],
      ["github.com/tetratelabs/wazero/internal/u64", 1186],
      ["github.com/containerd/containerd/v2/plugins/snapshots/devmapper/plugin", 1240],
    ],
  },
};
