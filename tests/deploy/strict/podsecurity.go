// Pod Security, decided by the API server's own code for the namespaces of the stream.
package main

import (
	"fmt"

	apps "k8s.io/api/apps/v1"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// template returns the pods that an object makes, if it makes any.
func template(object runtime.Object) (namespace, name string, pods *core.PodTemplateSpec) {
	switch o := object.(type) {
	case *apps.Deployment:
		return o.Namespace, "Deployment " + o.Name, &o.Spec.Template
	case *apps.StatefulSet:
		return o.Namespace, "StatefulSet " + o.Name, &o.Spec.Template
	case *apps.DaemonSet:
		return o.Namespace, "DaemonSet " + o.Name, &o.Spec.Template
	case *batch.Job:
		return o.Namespace, "Job " + o.Name, &o.Spec.Template
	}
	return "", "", nil
}

func checkPodSecurity(objects []runtime.Object) ([]string, error) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return nil, err
	}
	levels := map[string]api.LevelVersion{}
	for _, object := range objects {
		if namespace, ok := object.(*core.Namespace); ok {
			labels, errs := api.PolicyToEvaluate(namespace.Labels, api.Policy{
				Enforce: api.LevelVersion{Level: api.LevelPrivileged, Version: api.LatestVersion()},
			})
			if len(errs) > 0 {
				return nil, fmt.Errorf("namespace %s: %w", namespace.Name, errs.ToAggregate())
			}
			levels[namespace.Name] = labels.Enforce
		}
	}
	var findings []string
	for _, object := range objects {
		namespace, name, pods := template(object)
		if pods == nil {
			continue
		}
		level, known := levels[namespace]
		if !known {
			findings = append(findings, fmt.Sprintf("%s: its namespace %q is not among the objects", name, namespace))
			continue
		}
		result := policy.AggregateCheckResults(evaluator.EvaluatePod(level, &pods.ObjectMeta, &pods.Spec))
		if !result.Allowed {
			findings = append(findings, fmt.Sprintf("%s: Pod Security %s refuses it: %s",
				name, level.Level, result.ForbiddenDetail()))
		}
	}
	return findings, nil
}
