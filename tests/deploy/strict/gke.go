// The custom resources of GKE and of External Secrets that deploy/kubernetes uses. Their modules are not
// served by the module proxy, so the fields that exist are written down here: after the API reference of
// gke-gateway-api (September 2025; GCPHTTPFilter: GKE's guide to Cloud CDN with Gateway), and of External
// Secrets 1.x. A field that is missing here although it exists is refused: add it.
package main

import (
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// custom is any custom resource with a specification of type S.
type custom[S any] struct {
	meta.TypeMeta   `json:",inline"`
	meta.ObjectMeta `json:"metadata,omitempty"`
	Spec            S `json:"spec"`
}

// DeepCopyObject makes it a runtime.Object. Nothing here is changed after it was decoded.
func (c *custom[S]) DeepCopyObject() runtime.Object {
	copied := *c
	return &copied
}

type targetRef struct {
	Group     string `json:"group"`
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	Namespace string `json:"namespace,omitempty"`
}

type healthCheckPolicySpec struct {
	TargetRef targetRef `json:"targetRef"`
	Default   *struct {
		CheckIntervalSec   *int64 `json:"checkIntervalSec,omitempty"`
		TimeoutSec         *int64 `json:"timeoutSec,omitempty"`
		HealthyThreshold   *int64 `json:"healthyThreshold,omitempty"`
		UnhealthyThreshold *int64 `json:"unhealthyThreshold,omitempty"`
		Config             *struct {
			Type            string           `json:"type,omitempty"`
			HTTPHealthCheck *httpHealthCheck `json:"httpHealthCheck,omitempty"`
		} `json:"config,omitempty"`
		LogConfig *struct {
			Enabled *bool `json:"enabled,omitempty"`
		} `json:"logConfig,omitempty"`
	} `json:"default,omitempty"`
}

type httpHealthCheck struct {
	PortSpecification string `json:"portSpecification,omitempty"`
	Port              *int64 `json:"port,omitempty"`
	PortName          string `json:"portName,omitempty"`
	Host              string `json:"host,omitempty"`
	RequestPath       string `json:"requestPath,omitempty"`
	Response          string `json:"response,omitempty"`
	ProxyHeader       string `json:"proxyHeader,omitempty"`
}

type backendPolicySpec struct {
	TargetRef targetRef `json:"targetRef"`
	Default   *struct {
		TimeoutSec         *int64  `json:"timeoutSec,omitempty"`
		SecurityPolicy     *string `json:"securityPolicy,omitempty"`
		MaxRatePerEndpoint *int64  `json:"maxRatePerEndpoint,omitempty"`
		ConnectionDraining *struct {
			DrainingTimeoutSec *int64 `json:"drainingTimeoutSec,omitempty"`
		} `json:"connectionDraining,omitempty"`
		Logging *struct {
			Enabled    *bool  `json:"enabled,omitempty"`
			SampleRate *int32 `json:"sampleRate,omitempty"`
		} `json:"logging,omitempty"`
	} `json:"default,omitempty"`
}

type httpFilterSpec struct {
	CachePolicy *struct {
		CacheMode         string `json:"cacheMode,omitempty"`
		RequestCoalescing *bool  `json:"requestCoalescing,omitempty"`
		NegativeCaching   *bool  `json:"negativeCaching,omitempty"`
	} `json:"cachePolicy,omitempty"`
}

func addGKE(scheme *runtime.Scheme) error {
	group := schema.GroupVersion{Group: "networking.gke.io", Version: "v1"}
	scheme.AddKnownTypeWithName(group.WithKind("HealthCheckPolicy"), &custom[healthCheckPolicySpec]{})
	scheme.AddKnownTypeWithName(group.WithKind("GCPBackendPolicy"), &custom[backendPolicySpec]{})
	scheme.AddKnownTypeWithName(group.WithKind("GCPHTTPFilter"), &custom[httpFilterSpec]{})
	return nil
}

type externalSecretSpec struct {
	RefreshInterval string `json:"refreshInterval,omitempty"`
	SecretStoreRef  struct {
		Name string `json:"name"`
		Kind string `json:"kind,omitempty"`
	} `json:"secretStoreRef"`
	Target struct {
		Name           string `json:"name,omitempty"`
		CreationPolicy string `json:"creationPolicy,omitempty"`
		DeletionPolicy string `json:"deletionPolicy,omitempty"`
	} `json:"target,omitempty"`
	Data []struct {
		SecretKey string `json:"secretKey"`
		RemoteRef struct {
			Key      string `json:"key"`
			Property string `json:"property,omitempty"`
			Version  string `json:"version,omitempty"`
		} `json:"remoteRef"`
	} `json:"data,omitempty"`
}

func addExternalSecrets(scheme *runtime.Scheme) error {
	group := schema.GroupVersion{Group: "external-secrets.io", Version: "v1"}
	scheme.AddKnownTypeWithName(group.WithKind("ExternalSecret"), &custom[externalSecretSpec]{})
	return nil
}
