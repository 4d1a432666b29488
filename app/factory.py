"""The composition root: the one place that knows which parts the shop is made of."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from flask import Flask
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from app import commands
from app.account import known_browser, signing_in
from app.account.address_routes import blueprint as address_routes
from app.account.credit_routes import blueprint as account_credit_routes
from app.account.joining_routes import blueprint as joining_routes
from app.account.login_routes import blueprint as login_routes
from app.account.order_routes import blueprint as account_order_routes
from app.account.profile_routes import blueprint as profile_routes
from app.account.recovery_routes import blueprint as recovery_routes
from app.account.two_factor_routes import blueprint as two_factor_routes
from app.admin import context as admin_context
from app.admin import group_routes as admin_group_routes
from app.admin import staff_routes as admin_staff_routes
from app.admin.analytics_routes import blueprint as admin_analytics_routes
from app.admin.audit_routes import blueprint as admin_audit_routes
from app.admin.bundles_routes import blueprint as admin_bundles_routes
from app.admin.categories_routes import blueprint as admin_categories_routes
from app.admin.collections_routes import blueprint as admin_collections_routes
from app.admin.content_pages_routes import blueprint as admin_pages_routes
from app.admin.coupon_routes import blueprint as admin_coupon_routes
from app.admin.customer_routes import blueprint as admin_customer_routes
from app.admin.drafts_routes import blueprint as admin_drafts_routes
from app.admin.gateway_routes import blueprint as admin_gateway_routes
from app.admin.gift_card_routes import blueprint as admin_gift_card_routes
from app.admin.home_routes import blueprint as admin_home_routes
from app.admin.imports_routes import blueprint as admin_imports_routes
from app.admin.inventory_routes import blueprint as admin_inventory_routes
from app.admin.live_routes import blueprint as admin_live_routes
from app.admin.location_routes import blueprint as admin_location_routes
from app.admin.mail_routes import blueprint as admin_mail_routes
from app.admin.market_routes import blueprint as admin_market_routes
from app.admin.money_routes import blueprint as admin_money_routes
from app.admin.order_papers_routes import blueprint as admin_order_papers_routes
from app.admin.orders_goods_routes import blueprint as admin_orders_goods_routes
from app.admin.orders_money_routes import blueprint as admin_orders_money_routes
from app.admin.orders_routes import blueprint as admin_orders_routes
from app.admin.products_bulk_routes import blueprint as admin_bulk_routes
from app.admin.products_details_routes import blueprint as admin_product_routes
from app.admin.products_pictures_routes import blueprint as admin_pictures_routes
from app.admin.products_routes import blueprint as admin_products_routes
from app.admin.products_variants_routes import blueprint as admin_variants_routes
from app.admin.promotion_routes import blueprint as admin_promotion_routes
from app.admin.promotion_trial_routes import blueprint as admin_promotion_trial_routes
from app.admin.promotion_usage_routes import blueprint as admin_promotion_usage_routes
from app.admin.returns_routes import blueprint as admin_returns_routes
from app.admin.review_routes import blueprint as admin_review_routes
from app.admin.settings_routes import blueprint as admin_settings_routes
from app.admin.stock_file_routes import blueprint as admin_stock_file_routes
from app.admin.transfer_routes import blueprint as admin_transfer_routes
from app.analytics.visits import Visits
from app.building.services import build_services
from app.cart import cookie as cart_cookie
from app.cart.routes import blueprint as cart_routes
from app.catalog import context as catalog_context
from app.catalog import partials
from app.catalog.addresses import canonical_address
from app.catalog.forgetting import forget
from app.catalog.preview_routes import blueprint as preview_routes
from app.catalog.routes import blueprint as catalog_routes
from app.catalog.service import CatalogService
from app.checkout import context as checkout_context
from app.checkout.draft_routes import blueprint as draft_routes
from app.checkout.gift_card_routes import blueprint as gift_card_routes
from app.checkout.payment_routes import blueprint as payment_routes
from app.checkout.routes import blueprint as checkout_routes
from app.config import Settings, load_settings
from app.credit.routes import blueprint as credit_routes
from app.db.database import Database
from app.fulfilment.order_routes import blueprint as order_routes
from app.fulfilment.paper_routes import blueprint as paper_routes
from app.identity import context as identity_context
from app.identity.tokens import ACCESS_COOKIE, REFRESH_COOKIE
from app.markets import context as market_context
from app.markets.routes import blueprint as market_routes
from app.markets.service import MarketService
from app.media import context as media_context
from app.media.routes import blueprint as media_routes
from app.media.service import MediaService
from app.monitoring.process_figures import ProcessFigures
from app.monitoring.shop_figures import ShopFigures
from app.pages import context as pages_context
from app.pages.routes import blueprint as content_routes
from app.payments.routes import blueprint as webhook_routes
from app.providers import payment_pages, picture_origins
from app.recommendations.routes import blueprint as recommendation_routes
from app.reviews.routes import blueprint as review_routes
from app.shared import catalogs, tracing
from app.shared.shop_keys import key_id
from app.shop import context as shop_context
from app.shop.service import StoredSettings
from app.stock_alerts.routes import blueprint as stock_alert_routes
from app.web import (
    assets,
    csrf,
    errors,
    health,
    language,
    limits,
    logs,
    memory,
    metrics,
    page_cache,
    patience,
    visitor,
)
from app.web import tracing as request_tracing
from app.web.browser_policy import BrowserPolicy
from app.web.callers import Cookies
from app.web.cookie_names import PrefixedCookies
from app.web.form_tokens import FormTokens
from app.web.fragments import Fragments, version_of
from app.web.page_cache import PageCache
from app.web.page_store import PageStore
from app.web.registry import register, service
from app.web.served import ServedPages
from app.wishlists.routes import blueprint as wishlist_routes

_ROOT = Path(__file__).resolve().parents[1]
_MAX_BODY = 512 * 1024  # bytes; staff may send more
_BLUEPRINTS = (
    catalog_routes,
    preview_routes,
    content_routes,
    media_routes,
    market_routes,
    cart_routes,
    checkout_routes,
    draft_routes,
    gift_card_routes,
    credit_routes,
    account_credit_routes,
    payment_routes,
    order_routes,
    paper_routes,
    recommendation_routes,
    webhook_routes,
    login_routes,
    recovery_routes,
    profile_routes,
    address_routes,
    account_order_routes,
    two_factor_routes,
    review_routes,
    wishlist_routes,
    stock_alert_routes,
    admin_audit_routes,
    admin_settings_routes,
    admin_market_routes,
    admin_mail_routes,
    admin_pages_routes,
    admin_gateway_routes,
    admin_analytics_routes,
    admin_live_routes,
    admin_money_routes,
    admin_collections_routes,
    admin_home_routes,
    admin_imports_routes,
    admin_bundles_routes,
    admin_categories_routes,
    admin_inventory_routes,
    admin_stock_file_routes,
    admin_transfer_routes,
    admin_location_routes,
    admin_promotion_routes,
    admin_promotion_trial_routes,
    admin_promotion_usage_routes,
    admin_coupon_routes,
    joining_routes,
    admin_customer_routes,
    admin_group_routes.blueprint,
    admin_review_routes,
    admin_gift_card_routes,
    admin_staff_routes.blueprint,
    admin_orders_routes,
    admin_orders_money_routes,
    admin_orders_goods_routes,
    admin_order_papers_routes,
    admin_returns_routes,
    admin_drafts_routes,
    admin_products_routes,
    admin_bulk_routes,
    admin_product_routes,
    admin_variants_routes,
    admin_pictures_routes,
)


def create_app(environment: Mapping[str, str] | None = None) -> Flask:
    """Build the shop from the environment (``os.environ`` unless another is given).

    Raises ``ConfigurationError`` naming every variable at fault.
    """
    settings = load_settings(os.environ if environment is None else environment)
    logs.configure(settings.is_production)
    _trace(settings)
    app = Flask("app", template_folder=str(_ROOT / "templates"), static_folder=None)
    _configure(app, settings)
    _web(app, settings)
    register(app, settings, *build_services(settings, app.jinja_env))
    for blueprint in _BLUEPRINTS:
        app.register_blueprint(blueprint)
    commands.init_app(app)
    patience.init_app(app, service(Database, app))
    _tell_browsers(app, settings)
    _cache(app, settings)
    _name_cookies(app, settings)
    _believe_proxies(app, settings.mossx_proxies)
    service(Visits, app).init_app(app)
    return app


def _tell_browsers(app: Flask, settings: Settings) -> None:
    """What browsers are told with every answer; the page cache keeps it with its pages."""
    app.wsgi_app = BrowserPolicy(  # type: ignore[assignment,method-assign]  # Flask's way to wrap it
        app.wsgi_app,
        https=_is_secure(settings),
        pictures=picture_origins(settings, service(MediaService, app)),
        forms=payment_pages(settings),
    )


def _name_cookies(app: Flask, settings: Settings) -> None:
    """What browsers call the shop's cookies, which the page cache reads by their plain names."""
    if _is_secure(settings):
        narrow = (REFRESH_COOKIE, signing_in.HALF_WAY, known_browser.COOKIE)
        app.wsgi_app = PrefixedCookies(  # type: ignore[assignment,method-assign]  # Flask's way to wrap it
            app.wsgi_app, narrow=narrow
        )


def _believe_proxies(app: Flask, proxies: int) -> None:
    """Who asks is whom so many proxies in front of the shop name: for kept pages too, as their
    visitors are counted."""
    if proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # as Flask means it
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies
        )


def _is_secure(settings: Settings) -> bool:
    return settings.base_url.startswith("https://")


def _cache(app: Flask, settings: Settings) -> None:
    """Fragments in Redis, and whole pages in front of everything else."""
    version = version_of(_ROOT / "templates", _ROOT / "static", catalogs.FOLDER)
    # Fragments hold the blank for form tokens, which each key has of its own.
    version = f"{version}-{key_id(settings.shop_keys.newest)}"
    store = PageStore(settings.mossx_page_cache_mb * 2**20)
    served = ServedPages(app)
    follower = service(CatalogService, app).follower
    follower.listen(lambda touched: forget(store, touched))
    markets = service(MarketService, app)
    pages = PageCache(
        app.wsgi_app,
        store=store,
        canonical=canonical_address,
        cookies=Cookies(
            market=market_context.COOKIE,
            language=language.COOKIE,
            cart=cart_cookie.COOKIE,
            session=ACCESS_COOKIE,
            market_code=lambda cookie: market_context.code_in(cookie, markets),
            language_code=language.code_in,
        ),
        base_url=settings.base_url,
        tokens=FormTokens(settings.shop_keys, visitor.names(app)),
        on_served=served.note,
        may_keep=lambda: follower.is_following,
        on_visit=service(Visits, app).note_page,
    )
    markets.follower.listen(pages.forget)
    follower.go_with(markets.follower)
    stored = service(StoredSettings, app).follower
    stored.listen(pages.forget)
    follower.go_with(stored)
    app.wsgi_app = pages  # type: ignore[assignment,method-assign]  # as Flask means it
    register(app, Fragments(app, version), store, pages, served)
    figures = ProcessFigures(pages, store, follower)
    register(app, figures)
    metrics.show(app, figures, service(ShopFigures, app))


def _trace(settings: Settings) -> None:
    """Record spans where somebody collects them."""
    if settings.otel_exporter_otlp_endpoint:
        from app.shared.spans import OtlpSpans  # the SDK is only worth its memory then

        tracing.begin(OtlpSpans(settings.otel_exporter_otlp_endpoint, settings.otel_service_name))


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.shop_keys.newest,
        SECRET_KEY_FALLBACKS=list(settings.shop_keys.older),
        SESSION_COOKIE_SECURE=settings.base_url.startswith("https://"),
        MAX_CONTENT_LENGTH=_MAX_BODY,
        MAX_FORM_MEMORY_SIZE=_MAX_BODY,
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def _web(app: Flask, settings: Settings) -> None:
    language.init_app(app)
    metrics.init_app(app)
    logs.init_app(app)
    request_tracing.init_app(app)
    errors.init_app(app)
    visitor.init_app(app)
    identity_context.init_app(app)
    csrf.init_app(app)
    limits.init_app(app, settings.redis_url)
    memory.init_app(app)
    page_cache.init_app(app)
    health.init_app(app)
    assets.init_app(app, _ROOT / "static")
    market_context.init_app(app)
    shop_context.init_app(app)
    pages_context.init_app(app)
    media_context.init_app(app)
    catalog_context.init_app(app)
    partials.init_app(app)
    cart_cookie.init_app(app)
    checkout_context.init_app(app)
    admin_context.init_app(app)
    admin_group_routes.init_app(app)
    admin_staff_routes.init_app(app)
