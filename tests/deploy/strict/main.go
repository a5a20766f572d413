// Command strict decodes Kubernetes objects, a YAML stream on standard input, with the types of the API
// itself: an unknown field, a field of a wrong type or one given twice is an error. Pods of a namespace that
// is labelled for Pod Security are put before the code that the API server decides with.
// Prints one finding a line; exit status 1 if there are any, 2 if the stream cannot be read.
//
// It does not see what only a cluster knows: rules in CEL of custom resources, defaulting and validation of
// the API server (ranges, immutable fields), other admission webhooks, and whether what is referred to exists.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	certmanager "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	rbac "k8s.io/api/rbac/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/yaml"
	gateway "sigs.k8s.io/gateway-api/apis/v1"
)

func newScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		apps.AddToScheme, autoscaling.AddToScheme, batch.AddToScheme, core.AddToScheme,
		networking.AddToScheme, policy.AddToScheme, rbac.AddToScheme, gateway.Install,
		certmanager.AddToScheme, monitoring.AddToScheme, addGKE, addExternalSecrets,
	} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	return scheme, nil
}

// check returns what is wrong in the stream, and how many objects it has.
func check(input io.Reader) (findings []string, count int, err error) {
	scheme, err := newScheme()
	if err != nil {
		return nil, 0, err
	}
	decoder := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme,
		json.SerializerOptions{Yaml: true, Strict: true})
	reader := yaml.NewYAMLReader(bufio.NewReader(input))
	var objects []runtime.Object
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, count, err
		}
		if isEmpty(document) {
			continue
		}
		count++
		object, kind, err := decoder.Decode(document, nil, nil)
		if err != nil {
			findings = append(findings, fmt.Sprintf("object %d (%s): %v", count, nameIn(document, kind), err))
			continue
		}
		objects = append(objects, object)
	}
	podSecurity, err := checkPodSecurity(objects)
	return append(findings, podSecurity...), count, err
}

func isEmpty(document []byte) bool {
	for _, line := range bytes.Split(document, []byte("\n")) {
		if text := bytes.TrimSpace(line); len(text) > 0 && text[0] != '#' && string(text) != "---" {
			return false
		}
	}
	return true
}

// nameIn is for messages about documents that do not decode.
func nameIn(document []byte, kind any) string {
	var object meta.PartialObjectMetadata
	if yaml.Unmarshal(document, &object) != nil || object.Kind == "" {
		return strings.TrimSpace(fmt.Sprint(kind))
	}
	return object.Kind + " " + object.Name
}

func main() {
	findings, count, err := check(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, "strict:", err)
		os.Exit(2)
	}
	for _, finding := range findings {
		fmt.Println(finding)
	}
	if len(findings) > 0 {
		os.Exit(1)
	}
	fmt.Printf("%d objects\n", count)
}
