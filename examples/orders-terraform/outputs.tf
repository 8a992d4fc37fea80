output "shop_url" {
  value = aws_apigatewayv2_stage.shop.invoke_url
}

output "payment_webhook" {
  description = "To be entered at the payment provider"
  value       = aws_lambda_function_url.payment_webhook.function_url
}
