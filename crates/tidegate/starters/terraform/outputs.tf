output "api_address" {
  description = "Where notes are sent to"
  value       = "${aws_apigatewayv2_stage.this.invoke_url}/notes"
}

output "user_pool" {
  description = "Where people are made"
  value       = aws_cognito_user_pool.people.id
}

output "user_pool_client" {
  description = "What the web page signs in with"
  value       = aws_cognito_user_pool_client.web.id
}
