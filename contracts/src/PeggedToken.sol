// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// What stands on this chain for a token that is locked on another: made by a Peg, which alone mints and burns.
contract PeggedToken is ERC20 {
    /// Where the token lives, and its address there: a name and a symbol anybody can take.
    uint256 public immutable sourceChain;
    address public immutable sourceToken;
    address public immutable peg = msg.sender;
    uint8 private immutable tokenDecimals;

    error NotPeg(address sender);

    modifier onlyPeg() {
        if (msg.sender != peg) revert NotPeg(msg.sender);
        _;
    }

    constructor(
        uint256 sourceChain_,
        address sourceToken_,
        string memory name_,
        string memory symbol_,
        uint8 decimals_
    ) ERC20(name_, symbol_) {
        sourceChain = sourceChain_;
        sourceToken = sourceToken_;
        tokenDecimals = decimals_;
    }

    function mint(address account, uint256 amount) external onlyPeg {
        _mint(account, amount);
    }

    function burn(address account, uint256 amount) external onlyPeg {
        _burn(account, amount);
    }

    function decimals() public view override returns (uint8) {
        return tokenDecimals;
    }
}
